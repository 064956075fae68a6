@_exported public import WeirBase
@_exported public import WeirConnectors
@_exported public import WeirEngine
@_exported public import WeirTelemetry
