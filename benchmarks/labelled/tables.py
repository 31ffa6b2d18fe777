"""Tables of real rows that healthy pairs and pairs with an injected fault are drawn from, each with a model.

Tables of some domains are *open*: their pairs may be looked at while the engine is written. Those of the other domains
are *closed*: they measure it. A domain is never on both sides.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd

Part = Literal["open", "closed"]
DATA = Path(os.environ.get("AIRMEDIC_DATA", ""))
TIME = "time"
"""Name of the time column in all tables."""

Conversion = tuple[str, float, float]
"""Name, factor and offset of a change of unit: what arrives is the value times the factor plus the offset."""
TO_FAHRENHEIT: Conversion = ("°C in °F", 1.8, 32.0)
TO_KELVIN: Conversion = ("°C in K", 1.0, 273.15)
FROM_KELVIN: Conversion = ("K in °C", 1.0, -273.15)
FROM_FAHRENHEIT: Conversion = ("°F in °C", 5 / 9, -160 / 9)
TO_FRACTION: Conversion = ("% as a fraction", 0.01, 0.0)


@dataclass(frozen=True)
class Table:
    """Rows in their own order of time, and the model that they are inputs of."""

    name: str
    domain: str
    part: Part
    task: str
    target: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    read: Callable[[], pd.DataFrame] = field(repr=False)
    steps: tuple[str, ...] = ()
    """Lengths of windows in which the rows come, such as ``7D``; none where only random parts are drawn."""
    units: dict[str, tuple[Conversion, ...]] = field(default_factory=dict)
    """Conversions of columns that happen in life."""
    tied: tuple[str, str] | None = None
    """Two columns of which each nearly tells the other."""

    def rows(self) -> pd.DataFrame:
        """Return the rows with the time, the features and the target only, in order of time."""
        return self.read()[[TIME, *self.numeric, *self.categorical, self.target]]

    @property
    def spec(self) -> dict[str, Any]:
        """The model spec, as a stranger would write it."""
        return {
            "name": self.name,
            "task": self.task,
            "target": self.target,
            "data": {"source": "file", "path": "rows.parquet", "time_column": TIME},
            "features": {"numeric": list(self.numeric), "categorical": list(self.categorical)},
        }


@cache
def _hotels() -> pd.DataFrame:
    frame = pd.read_csv(DATA / "hotel_bookings" / "hotel_bookings.csv.gz", low_memory=False)
    frame[TIME] = pd.to_datetime(frame["arrival_date"])
    frame["agent_key"] = frame["agent"].map(lambda key: f"agent {key:.0f}", na_action="ignore")
    frame["company_key"] = frame["company"].map(lambda key: f"company {key:.0f}", na_action="ignore")
    frame["route"] = frame["country"].fillna("none") + "/" + frame["agent_key"].fillna("none")
    frame["with_babies"] = (frame["babies"] > 0).astype(int)
    return frame.sort_values(TIME, kind="stable").reset_index(drop=True)


def _hotel(name: str, *, repeats: bool) -> Callable[[], pd.DataFrame]:
    @cache
    def read() -> pd.DataFrame:
        rows = _hotels()[lambda frame: frame["hotel"] == name]
        return (rows if repeats else rows.drop_duplicates()).reset_index(drop=True)

    return read


_CITY, _CITY_REPEATS = (_hotel("City Hotel", repeats=repeats) for repeats in (False, True))
_RESORT, _RESORT_REPEATS = (_hotel("Resort Hotel", repeats=repeats) for repeats in (False, True))


@cache
def _bikes() -> pd.DataFrame:
    frame = pd.read_csv(DATA / "bike_sharing" / "bike_sharing_hourly.csv.gz")
    frame[TIME] = pd.to_datetime(frame["dteday"]) + pd.to_timedelta(frame["hr"], unit="h")
    frame["rough_weather"] = (frame["weathersit"] >= 3).astype(int)
    return frame


def _windows_of(*sides: str, time: str, drop_codes: bool = False) -> Callable[[], pd.DataFrame]:
    """Put sides of real windows, such as ``metro-01/reference``, together: each moment once."""

    @cache
    def read() -> pd.DataFrame:
        frames = [pd.read_parquet(DATA / "real_windows" / f"{side}.parquet") for side in sides]
        columns = [name for name in frames[0].columns if all(name in frame for frame in frames)]
        rows = pd.concat([frame[columns] for frame in frames]).rename(columns={time: TIME})
        rows = rows[~rows.duplicated(TIME)] if len(frames) > 1 else rows
        if drop_codes:
            rows = rows[~rows.select_dtypes("number").eq(-200.0).any(axis=1)]
        return rows.sort_values(TIME, kind="stable").reset_index(drop=True)

    return read


_STAY = ("lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults", "children", "previous_cancellations",
         "previous_bookings_not_canceled", "adr", "total_of_special_requests")  # fmt: skip
_CHANNEL = ("meal", "market_segment", "distribution_channel", "reserved_room_type", "customer_type")
_STAY_UNITS = {
    "lead_time": (("days in hours", 24.0, 0.0), ("days in weeks", 1 / 7, 0.0)),
    "adr": (("euro in cents", 100.0, 0.0),),
}
_BIKE_WEATHER = ("hr", "temp", "atemp", "hum", "windspeed")
_BIKE_UNITS = {
    "temp": (TO_FAHRENHEIT, TO_KELVIN),
    "atemp": (TO_FAHRENHEIT, TO_KELVIN),
    "hum": (TO_FRACTION,),
    "windspeed": (("km/h in mph", 1 / 1.609344, 0.0), ("km/h in m/s", 1 / 3.6, 0.0)),
}
_SENSORS = ("PT08.S1(CO)", "PT08.S2(NMHC)", "PT08.S3(NOx)", "PT08.S4(NO2)", "PT08.S5(O3)", "T", "RH", "AH")
_AIR = _windows_of("air-01/reference", "air-10/reference", "air-10/current", time="timestamp", drop_codes=True)
_METRO_WEATHER = _windows_of("metro-01/reference", "metro-12/reference", "metro-12/current", time="date_time")
_METRO_HOURS = _windows_of("metro-09/reference", "metro-04/reference", "metro-04/current", time="date_time")
_OCCUPANCY = _windows_of("occ-02/reference", "occ-02/current", time="date")
_CHICAGO = _windows_of("chicago-01/reference", "chicago-06/reference", "chicago-06/current", "chicago-05/reference",
                       "chicago-09/current", "chicago-03/reference", time="date")  # fmt: skip
_CHICAGO_STATIONS = _windows_of(
    "chicago-04/reference", "chicago-02/current", "chicago-07/reference", "chicago-07/current", time="date"
)
_BANK = _windows_of("bank-07/reference", time="arrival")
_BANK_CATEGORIES = ("job", "marital", "education", "default", "housing", "loan", "contact", "poutcome")
_DEGREES = ("temp_min", "temp", "temp_max", "dew")

_TRAFFIC_UNITS = {"temp": (FROM_KELVIN, ("K in °F", 1.8, -459.67)), "clouds_all": (TO_FRACTION,)}
_OFFICE_UNITS = {
    "Temperature": (TO_FAHRENHEIT, TO_KELVIN),
    "Humidity": (TO_FRACTION,),
    "CO2": (("ppm in %", 1e-4, 0.0),),
    "HumidityRatio": (("kg/kg in g/kg", 1000.0, 0.0),),
    "Light": (("lux in foot-candles", 1 / 10.764, 0.0),),
}
_WEATHER_UNITS = {
    **dict.fromkeys(_DEGREES, (FROM_FAHRENHEIT,)),
    "pressure": (("inHg in hPa", 33.8639, 0.0),),
    "wind": (("mph in km/h", 1.609344, 0.0),),
    "humidity": (TO_FRACTION,),
}
_STATION_UNITS = {"temp": (FROM_FAHRENHEIT,), "Clinton": (("thousands in single rides", 1000.0, 0.0),)}

TABLES: tuple[Table, ...] = (
    Table("city_bookings", "city hotel", "open", "binary", "is_canceled", _STAY, _CHANNEL,
          _CITY, ("7D", "30D"), _STAY_UNITS),
    Table("city_bookings_with_repeats", "city hotel", "open", "binary", "is_canceled", _STAY, _CHANNEL,
          _CITY_REPEATS, ("7D", "30D"), _STAY_UNITS),
    Table("city_keys", "city hotel", "open", "binary", "is_canceled", ("lead_time", "adr"),
          ("country", "agent_key", "company_key", "route"), _CITY, ("30D",)),
    Table("city_flags", "city hotel", "open", "binary", "is_canceled", ("adults", "children", "is_repeated_guest"),
          ("meal", "customer_type"), _CITY_REPEATS, ("7D", "30D")),
    Table("city_babies", "city hotel", "open", "binary", "with_babies", _STAY, _CHANNEL,
          _CITY, ("30D",)),
    Table("bikes", "bikes", "open", "regression", "cnt", _BIKE_WEATHER, ("weekday", "workingday", "weathersit"),
          _bikes, ("1D", "7D", "14D"), _BIKE_UNITS, ("temp", "atemp")),
    Table("bikes_calendar", "bikes", "open", "regression", "hum", ("hr",), ("weekday", "workingday", "season"), _bikes,
          ("7D", "14D", "28D")),
    Table("bikes_rough_weather", "bikes", "open", "binary", "rough_weather", _BIKE_WEATHER, ("season", "weekday"),
          _bikes, ("14D", "28D"), _BIKE_UNITS, ("temp", "atemp")),
    Table("air_no2", "air", "open", "regression", "NO2(GT)", _SENSORS, (), _AIR, ("2D", "4D", "7D"),
          {"T": (TO_FAHRENHEIT, TO_KELVIN), "RH": (TO_FRACTION,), "AH": (("g in mg", 1000.0, 0.0),)},
          ("PT08.S2(NMHC)", "PT08.S1(CO)")),
    Table("resort_bookings", "resort hotel", "closed", "binary", "is_canceled", _STAY, _CHANNEL,
          _RESORT, ("7D", "30D"), _STAY_UNITS),
    Table("resort_bookings_with_repeats", "resort hotel", "closed", "binary", "is_canceled", _STAY, _CHANNEL,
          _RESORT_REPEATS, ("7D", "30D"), _STAY_UNITS),
    Table("resort_keys", "resort hotel", "closed", "binary", "is_canceled", ("lead_time", "adr"),
          ("country", "agent_key", "company_key", "route"), _RESORT, ("30D",)),
    Table("resort_flags", "resort hotel", "closed", "binary", "is_repeated_guest", ("adults", "children", "babies"),
          ("meal", "customer_type"), _RESORT_REPEATS, ("7D", "30D")),
    Table("traffic", "metro", "closed", "regression", "traffic_volume",
          ("temp", "rain_1h", "snow_1h", "clouds_all", "hour", "dayofweek"), ("holiday", "weather_main"),
          _METRO_WEATHER, ("7D", "14D"), _TRAFFIC_UNITS),
    Table("traffic_calendar", "metro", "closed", "regression", "traffic_volume", ("hour", "dayofweek"), ("holiday",),
          _METRO_HOURS, ("7D", "28D", "56D")),
    Table("occupancy", "occupancy", "closed", "binary", "Occupancy",
          ("Temperature", "Humidity", "Light", "CO2", "HumidityRatio"), (), _OCCUPANCY, ("6h", "12h", "1D"),
          _OFFICE_UNITS,
          ("Humidity", "HumidityRatio")),
    Table("ridership", "chicago", "closed", "regression", "ridership",
          (*_DEGREES, "humidity", "pressure", "wind", "gust", "weather_rain", "weather_snow", "dayofweek"), (),
          _CHICAGO, ("28D", "91D", "365D"),
          _WEATHER_UNITS, ("temp", "temp_max")),
    Table("stations", "chicago", "closed", "regression", "ridership",
          ("Austin", "Quincy_Wells", "Clinton", "Harlem", "Monroe", "temp", "dayofweek"), (), _CHICAGO_STATIONS,
          ("28D", "91D"), _STATION_UNITS,
          ("Quincy_Wells", "Clinton")),
    Table("calls", "bank", "closed", "binary", "y", ("age", "campaign", "pdays", "previous"), _BANK_CATEGORIES, _BANK,
          (), {"age": (("years in months", 12.0, 0.0),)}),
    Table("calls_categories", "bank", "closed", "binary", "y", (), _BANK_CATEGORIES, _BANK),
)  # fmt: skip


def table(name: str) -> Table:
    """Return the table of a name."""
    return next(item for item in TABLES if item.name == name)
