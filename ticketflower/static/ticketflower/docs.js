"use strict";

SwaggerUIBundle({
  url: "../schema/?as=json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  // Swagger UI would send the document's address to a validator elsewhere.
  validatorUrl: null,
});
