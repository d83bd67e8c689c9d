"""Prints what the QR codes on a kuitansi say, read by ZXing: kuitansi.py FILE.html"""

import re
import sys

import numpy
import zxingcpp

SCALE = 4

page = open(sys.argv[1], encoding="utf-8").read()
for side, path in re.findall(r'viewBox="0 0 (\d+) \1".*?<path d="([^"]*)"', page):
    squares = numpy.full((int(side), int(side)), 255, dtype=numpy.uint8)
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        squares[int(y), int(x) : int(x) + int(run)] = 0
    image = numpy.kron(squares, numpy.ones((SCALE, SCALE), dtype=numpy.uint8))
    found = zxingcpp.read_barcodes(image)
    assert len(found) == 1, f"{len(found)} codes in a picture of one"
    print(found[0].text)
