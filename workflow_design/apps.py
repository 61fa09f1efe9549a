from django.apps import AppConfig


class WorkflowDesignConfig(AppConfig):
    """Definitions: what creators upload, edit and publish."""

    name = "workflow_design"
