// What a pipeline needs, in one import: operators and pipelines (WeirEngine), sources and sinks
// (WeirConnectors), levels and fields of the log (WeirTelemetry), time and text (WeirBase). The
// command line is not among it: a program imports WeirApp for that, and a library of pipelines need
// not.
@_exported public import WeirBase
@_exported public import WeirConnectors
@_exported public import WeirEngine
@_exported public import WeirTelemetry
