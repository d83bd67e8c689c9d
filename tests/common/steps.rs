//! What SQLite does for some work: the number of virtual-machine steps of all statements on the
//! connections to databases whose path has [`METERED`] in it, told by its profiler.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use libsqlite3_sys as ffi;

static STEPS: AtomicU64 = AtomicU64::new(0);

/// Part of the path of the databases whose steps count; other tests run beside this one.
pub const METERED: &str = "metered";

/// The steps so far.
pub fn so_far() -> u64 {
    STEPS.load(Ordering::SeqCst)
}

/// Counts from now on; connections that are open already are not counted.
pub fn count() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // SAFETY: the function has the signature SQLite asks for.
        unsafe { ffi::sqlite3_auto_extension(Some(install_profiler)) };
    });
}

unsafe extern "C" fn count_steps(
    _: c_uint,
    _: *mut c_void,
    stmt: *mut c_void,
    _: *mut c_void,
) -> c_int {
    // SAFETY: SQLite hands a live statement to its profiler.
    let steps = unsafe { ffi::sqlite3_stmt_status(stmt.cast(), ffi::SQLITE_STMTSTATUS_VM_STEP, 1) };
    STEPS.fetch_add(u64::try_from(steps).unwrap_or(0), Ordering::SeqCst);
    0
}

unsafe extern "C" fn install_profiler(
    db: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite hands an open database to its extensions; its file name is a C string.
    unsafe {
        let name = ffi::sqlite3_db_filename(db, c"main".as_ptr());
        if !name.is_null() && CStr::from_ptr(name).to_string_lossy().contains(METERED) {
            let null = std::ptr::null_mut();
            ffi::sqlite3_trace_v2(db, ffi::SQLITE_TRACE_PROFILE, Some(count_steps), null);
        }
    }
    0
}
