"""The additive summary of a batch, and the distances between two of them."""

from airmedic_core.profile.arrow import profile_from_arrow, profile_to_arrow
from airmedic_core.profile.build import build_profile, empty_profile
from airmedic_core.profile.columns import (
    CategoricalProfile,
    ColumnProfile,
    NumericProfile,
    ProfileError,
    TimeProfile,
)
from airmedic_core.profile.edges import Categories, Edges
from airmedic_core.profile.features import Features, choose_features, infer_features
from airmedic_core.profile.profile import FORMAT_VERSION, Profile, ScoreProfile, SegmentProfile
from airmedic_core.profile.pushdown import build_profile_ibis
from airmedic_core.profile.reference import Reference, WindowProfile, build_reference
from airmedic_core.profile.statistics import (
    jensen_shannon,
    ks,
    psi,
    wasserstein,
    wasserstein_normalised,
)

__all__ = [
    "FORMAT_VERSION",
    "CategoricalProfile",
    "Categories",
    "ColumnProfile",
    "Edges",
    "Features",
    "NumericProfile",
    "Profile",
    "ProfileError",
    "Reference",
    "ScoreProfile",
    "SegmentProfile",
    "TimeProfile",
    "WindowProfile",
    "build_profile",
    "build_profile_ibis",
    "build_reference",
    "choose_features",
    "empty_profile",
    "infer_features",
    "jensen_shannon",
    "ks",
    "profile_from_arrow",
    "profile_to_arrow",
    "psi",
    "wasserstein",
    "wasserstein_normalised",
]
