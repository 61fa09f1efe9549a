from django.apps import AppConfig


class WorkflowDesignConfig(AppConfig):
    """Definitions: what creators upload, edit and publish."""

    name = "workflow_design"
    verbose_name = "Definitions"

    def ready(self) -> None:
        from users import usage
        from users.services import roles
        from workflow_design.models import WorkflowDefinition
        from workflow_design.selectors import role_uses

        roles.uses.append(role_uses)
        usage.counters["workflows"] = WorkflowDefinition.objects.count
