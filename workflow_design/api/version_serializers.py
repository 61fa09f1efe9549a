"""The shapes of versions in REST, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from core.openapi import REFUSALS, ErrorSerializer
from workflow_design.api.bundles import BundleSerializer
from workflow_design.api.serializers import AuditSerializer, DifferenceSerializer, ProblemSerializer
from workflow_design.kernel import limits


class PublishSerializer(serializers.Serializer[Any]):
    """How to publish."""

    note = serializers.CharField(max_length=limits.MAX_PROSE, required=False, allow_blank=True)
    accept_unproved = serializers.BooleanField(
        default=False, help_text="Publish although something is unproved; the version records it."
    )


class PublishedSerializer(serializers.Serializer[Any]):
    """The version that is published now, and what its checks found."""

    version = serializers.IntegerField()
    problems = ProblemSerializer(many=True)
    proved = serializers.BooleanField()


class PublishRefusedSerializer(ErrorSerializer):
    """Why nothing was published."""

    problems = ProblemSerializer(many=True)


REFUSED = {422: OpenApiResponse(PublishRefusedSerializer, REFUSALS[422])}


class RestoreSerializer(serializers.Serializer[Any]):
    """Which version to go back to."""

    version = serializers.IntegerField(min_value=1)


class DiffSerializer(serializers.Serializer[Any]):
    """What changed from one version to another."""

    diff = DifferenceSerializer(many=True)
    text = serializers.ListField(child=serializers.CharField(), help_text="The same in sentences, one each.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's."""
        return {
            "from": serializers.IntegerField(allow_null=True, help_text="null: nothing had been published."),
            "to": serializers.IntegerField(allow_null=True, help_text="null: the working copy."),
            **super().get_fields(),
        }


class VersionSerializer(AuditSerializer):
    """A published version."""

    workflow = serializers.IntegerField(help_text="Id of the workflow.")
    version = serializers.IntegerField(help_text="Its number.")
    note = serializers.CharField(allow_blank=True)
    proved = serializers.BooleanField()
    accept_unproved = serializers.BooleanField(help_text="Whether what was unproved was accepted.")


class VersionDetailSerializer(VersionSerializer):
    """A published version with what it holds."""

    problems = ProblemSerializer(many=True)
    assumptions = serializers.ListField(child=serializers.CharField(), help_text="What the proof takes for granted.")
    document = BundleSerializer(help_text="The whole bundle, starts and ends written out.")
