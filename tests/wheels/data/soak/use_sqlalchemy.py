"""Two tables in sqlite, a relation, and the C part in use."""
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.util import has_compiled_ext

assert has_compiled_ext()


class Base(orm.DeclarativeBase):
    pass


class Field(Base):
    __tablename__ = "field"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    cobs: orm.Mapped[list["Cob"]] = orm.relationship()


class Cob(Base):
    __tablename__ = "cob"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    grains: orm.Mapped[int]
    field: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("field.id"))


engine = sa.create_engine("sqlite://")
Base.metadata.create_all(engine)
with orm.Session(engine) as session:
    session.add(Field(cobs=[Cob(grains=n) for n in range(100)]))
    session.commit()
    assert session.scalar(sa.select(sa.func.sum(Cob.grains))) == 4950
    assert len(session.scalars(sa.select(Field)).one().cobs) == 100
