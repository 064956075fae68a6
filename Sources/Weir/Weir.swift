@_exported public import WeirEngine
