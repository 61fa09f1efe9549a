from django.apps import AppConfig


class WorkflowOpsConfig(AppConfig):
    """Tickets, tasks and incidents: definitions being run."""

    name = "workflow_ops"
    verbose_name = "Tickets"

    def ready(self) -> None:
        from users import usage
        from workflow_ops.selectors import executions_this_month

        usage.counters["executions_per_month"] = lambda: executions_this_month().count()
