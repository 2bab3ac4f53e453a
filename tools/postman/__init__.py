"""The Postman collection: the OpenAPI document as a tour that runs from top to bottom."""
