"""Batch: folders, globs, buckets and lists in; a campaign's media, its manifest and its report out."""

from __future__ import annotations

from mmsprep.batch.each import each

__all__ = ["each"]
