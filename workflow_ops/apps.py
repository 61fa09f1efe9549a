from django.apps import AppConfig


class WorkflowOpsConfig(AppConfig):
    """Tickets, tasks and incidents: definitions being run."""

    name = "workflow_ops"
