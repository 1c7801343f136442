from __future__ import annotations

from pathlib import Path

from botocore.model import ServiceModel

from exporter.aws.models import USED, model_loader


def test_a_client_s_description_holds_only_what_we_call_and_all_that_it_needs() -> None:
    loader = model_loader(None)
    for service, operations in USED.items():
        first = loader.load_service_model(service, "service-2")
        again = loader.load_service_model(service, "service-2")
        assert first is again
        model = ServiceModel(again, service_name=service)
        assert set(model.operation_names) == operations
        for name in operations:
            operation = model.operation_model(name)
            for shape in (operation.input_shape, operation.output_shape, *operation.error_shapes):
                assert shape is None or getattr(shape, "members", None) is not None
            assert operation.documentation


def test_other_descriptions_are_left_whole() -> None:
    loader = model_loader(None)
    assert len(loader.load_service_model("sso", "service-2")["operations"]) > 3
    assert loader.load_service_model("sts", "endpoint-rule-set-1")["rules"]


def test_further_places_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    loader = model_loader(f"{tmp_path}/data:~/elsewhere")
    assert str(tmp_path / "data") in loader.search_paths
    assert str(Path("~/elsewhere").expanduser()) in loader.search_paths
