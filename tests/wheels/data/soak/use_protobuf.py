"""Messages made at run time, to bytes and JSON and back."""
from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from google.protobuf import message_factory, struct_pb2

file = descriptor_pb2.FileDescriptorProto(name="corn.proto", package="corn")
kind = file.message_type.add(name="Cob")
kind.field.add(name="grains", number=1, type=3, label=3)
kind.field.add(name="name", number=2, type=9, label=1)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Cob = message_factory.GetMessageClass(pool.FindMessageTypeByName("corn.Cob"))
cob = Cob(grains=range(1000), name="käse")
assert Cob.FromString(cob.SerializeToString()) == cob
assert json_format.Parse(json_format.MessageToJson(cob), Cob()) == cob
tree = struct_pb2.Struct()
tree.update({"a": [1, {"b": None}]})
assert json_format.MessageToDict(tree) == {"a": [1, {"b": None}]}
