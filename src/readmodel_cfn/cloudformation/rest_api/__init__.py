"""What can be said of a REST API's definition without evaluating a request.

    expressions   the sources and targets of parameter mappings
    mapping_text  mapping templates: fixed text with plain references
    features      what the gateway of `serve` and the sandbox does not evaluate, by name
    refusals      what API Gateway refuses when the API is created, with its reasons

The gateway evaluates what these modules accept; the audit reports what they do not.
"""
