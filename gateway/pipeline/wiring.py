"""From what a profile declares to what enqueuing needs: the maps outward, and what goes out together with a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gateway.domain.dataset import Dataset, Field
from gateway.errors import StartError
from gateway.formats.declaration import Children, ProfileDeclaration
from gateway.mapping import CompiledMap, FieldMap, compile_map, field_map_of
from gateway.messages import Message
from gateway.pipeline.companions import Beside, ChildList, Companions
from gateway.pipeline.publication import assert_key_is_public, assert_public, private_fields
from gateway.state.exchange import Exchange

NOT_RELATED = Message(
    "profile.not_related",
    zh="报送格式 {file} 的“{place}”写的是数据集“{dataset}”，但{what_zh}；请更正",
    en="{place!r} of the profile {file} says the dataset {dataset!r}, but {what}; correct it",
)


@dataclass(frozen=True)
class Wiring:
    """One profile over the datasets of the exchange; every method raises StartError where they do not fit.

    What a public profile must not publish is not even read: its exchanges hide the fields, whatever a map says.
    """

    declared: ProfileDeclaration
    datasets: Mapping[str, Dataset]
    file: str

    @property
    def dataset(self) -> Dataset:
        """The dataset that the profile carries."""
        return self.datasets[self.declared.dataset]

    def exchange(self, name: str) -> Exchange:
        """The exchange of a dataset, as far as the profile may see it."""
        dataset = self.datasets[name]
        if not self.declared.public:
            return Exchange(dataset)
        assert_key_is_public(self.file, dataset)
        return Exchange(dataset, private_fields(dataset))

    def outward(self, field_map: FieldMap) -> CompiledMap:
        """The map of the records, over their own fields and those beside them."""
        columns = _columns(self.dataset)
        for name in self._known("beside", self.declared.beside):
            columns |= _columns(self.datasets[name], f"{name}.")
        self._assert_public(field_map, columns)
        schema = dict(self.exchange(self.dataset.name).schema)
        for each in self._beside():
            schema |= each.schema
        return _compiled(field_map, schema)

    def companions(self) -> Companions:
        """What goes out together with a record."""
        lists = {member: self._list(member, said) for member, said in self.declared.children.items()}
        return Companions(self.dataset, tuple(self._beside()), lists)

    def _beside(self) -> Iterable[Beside]:
        for name in self._known("beside", self.declared.beside):
            yield Beside(self.exchange(name), self._naming(name, self.declared.beside[name]))

    def _naming(self, name: str, fields: Sequence[str]) -> tuple[Field, ...]:
        """Our fields that are the key of the other dataset."""
        there = self.dataset.by_name
        if len(fields) != len(self.datasets[name].keys) or not set(fields) <= set(there):
            raise self._not_related("beside", name, f"its key is not named by {list(fields)}", "字段与其主键不对应")
        return tuple(there[field] for field in fields)

    def _list(self, member: str, said: Children) -> ChildList:
        place = f"children.{member}"
        for name in self._known(place, [said.dataset]):
            lacking = [key.name for key in self.dataset.keys if key.name not in self.datasets[name].by_name]
            if lacking:
                raise self._not_related(place, name, f"it lacks our key fields {lacking}", f"它没有主键字段 {lacking}")
        child, file = self.datasets[said.dataset], f"{self.file}#{place}"
        field_map = field_map_of({"map": file, "dataset": child.name, "fields": said.fields}, file)
        self._assert_public(field_map, {**_columns(child), **_columns(self.dataset, f"{self.dataset.name}.")})
        exchange, parent = self.exchange(child.name), self.exchange(self.dataset.name)
        schema = exchange.schema | {f"{self.dataset.name}.{name}": each for name, each in parent.schema.items()}
        return ChildList(exchange, said.number, _compiled(field_map, schema), tuple(said.fields))

    def _assert_public(self, field_map: FieldMap, columns: Mapping[str, tuple[Dataset, str]]) -> None:
        if self.declared.public:
            assert_public(self.file, field_map, columns)

    def _known(self, place: str, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            if name not in self.datasets:
                raise self._not_related(place, name, "there is no such dataset", "没有这个数据集")
            yield name

    def _not_related(self, place: str, dataset: str, what: str, what_zh: str) -> StartError:
        return StartError(NOT_RELATED, file=self.file, place=place, dataset=dataset, what=what, what_zh=what_zh)


def _columns(dataset: Dataset, prefix: str = "") -> dict[str, tuple[Dataset, str]]:
    return {f"{prefix}{name}": (dataset, name) for name in dataset.by_name}


def _compiled(field_map: FieldMap, schema: Mapping[str, pl.DataType]) -> CompiledMap:
    return compile_map(field_map, dict.fromkeys(field_map.fields, pl.String()), schema)


MESSAGES = (NOT_RELATED,)
