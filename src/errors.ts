// The closed list of failures that the bridge reports, and what each one tells a person to do.

export type ErrorCode =
  | 'settings-invalid' // a setting is missing or malformed
  | 'powerschool-unreachable' // no connection: name, port, TLS, time-out
  | 'powerschool-unavailable' // it answers, but not as an API: 3xx, 5xx, HTML
  | 'powerschool-busy' // 429 or a request-interval rejection
  | 'powerschool-credentials' // the token endpoint refuses the client
  | 'powerschool-rights' // the plugin lacks accessLevelV1Api, a query or a column
  | 'powerschool-refused' // 400, 403, 404 on a resource that should exist
  | 'powerschool-broken-answer' // a body that is cut off or is not JSON
  | 'powerschool-incomplete' // a list ended short of its count, or a row came twice
  | 'mapping-invalid' // the mapping has diagnostics
  | 'rows-unfit' // the staged rows were read for another mapping, or there are none
  | 'scope-empty' // no school, or no school year, to publish
  | 'members-unread' // no member of a group could be read
  | 'store-failed' // the database file: disk full, not writable, damaged
  | 'sync-running' // one sync at a time
  | 'sync-stopped' // the process is shutting down
  | 'sync-torn' // the platform ended its steps, again and again
  | 'not-found'

/** Failures that may go away by themselves: the one place that decides what is tried again. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'powerschool-unreachable',
  'powerschool-unavailable',
  'powerschool-busy',
  'powerschool-broken-answer',
])

export interface BridgeErrorOptions {
  /** What a person should do about it, as a sentence. */
  readonly remedy?: string
  readonly cause?: unknown
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number
}

/** A failure of the world around us, with a stable code. Its message holds no personal data and no secret. */
export class BridgeError extends Error {
  readonly code: ErrorCode
  readonly remedy: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BridgeError'
    this.code = code
    this.remedy = options.remedy
    this.retryAfterMs = options.retryAfterMs
  }

  get isRetryable(): boolean {
    return RETRYABLE.has(this.code)
  }
}
