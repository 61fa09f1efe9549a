from django.apps import AppConfig


class WorkflowOpsConfig(AppConfig):
    """Tickets, tasks and incidents: definitions being run."""

    name = "workflow_ops"
    verbose_name = "Tickets"

    def ready(self) -> None:
        from tenants import cleanup
        from users import usage
        from users.services import roles, staffing
        from workflow_ops.selectors import executions_this_month
        from workflow_ops.services.cleanup import answers_clear, deliveries_clear
        from workflow_ops.staffing import live_role_uses, tasks_without_people

        cleanup.in_companies.append(answers_clear)
        cleanup.in_companies.append(deliveries_clear)
        roles.uses.append(live_role_uses)
        staffing.needs.append(tasks_without_people)
        usage.counters["executions_per_month"] = lambda: executions_this_month().count()
