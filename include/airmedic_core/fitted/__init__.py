"""Holds what fitted models have in common, whatever library made them: answers, categories, and wanted packages."""

from airmedic_core.fitted.answer import Answer, Meaning, Means
from airmedic_core.fitted.categories import with_categories
from airmedic_core.fitted.estimators import answer_of
from airmedic_core.fitted.packages import (
    REQUIREMENTS,
    PackageGap,
    missing_packages,
    package_gaps,
    packages_told,
    requirements_of,
)
from airmedic_core.fitted.quiet import quiet_skops

__all__ = [
    "REQUIREMENTS",
    "Answer",
    "Meaning",
    "Means",
    "PackageGap",
    "answer_of",
    "missing_packages",
    "package_gaps",
    "packages_told",
    "quiet_skops",
    "requirements_of",
    "with_categories",
]
