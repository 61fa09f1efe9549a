"""What exists on a company's host (and below /api/tenants/{slug or id}/)."""


urlpatterns: list = []
