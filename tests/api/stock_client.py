"""A stock client that knows nothing of Simpul but its address: `stock_client.py HOST:PORT`.

It finds the services by reflection, asks for their health, opens a book with messages built from
the reflected descriptors, and prints what it saw as one JSON object.
"""

import json
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

DEADLINE_SECONDS = 60

BOOK = {
    "bookId": "asing",
    "requestId": "buka-buku-asing",
    "displayName": "Buku asing (contoh)",
    "lkmName": "LKM asing (contoh)",
    "regime": "REGIME_KOPERASI",
    "zone": "ZONE_WITA",
    "openedOn": {"year": 2025, "month": 1, "day": 1},
}


def call(channel, method, request):
    """Calls a unary method by its descriptor, with a request given as JSON."""
    request_class = message_factory.GetMessageClass(method.input_type)
    response_class = message_factory.GetMessageClass(method.output_type)
    stub = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=request_class.SerializeToString,
        response_deserializer=response_class.FromString,
    )
    message = json_format.ParseDict(request, request_class())
    return json_format.MessageToDict(stub(message, timeout=DEADLINE_SECONDS))


def main(address):
    channel = grpc.insecure_channel(address)
    database = ProtoReflectionDescriptorDatabase(channel)
    health = health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(), timeout=DEADLINE_SECONDS
    )
    service = DescriptorPool(database).FindServiceByName("simpul.v1.BookService")
    print(
        json.dumps(
            {
                "services": sorted(database.get_services()),
                "health": health_pb2.HealthCheckResponse.ServingStatus.Name(health.status),
                "file": service.file.name,
                "created": call(channel, service.FindMethodByName("CreateBook"), BOOK),
            }
        )
    )


main(sys.argv[1])
