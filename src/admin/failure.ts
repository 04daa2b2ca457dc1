// How the admin API answers what it did not expect: in one shape, whichever part of it was asked.
import { BridgeError } from '../errors.ts'

const RETRY_SECONDS = 30

/** Nothing of the inside is told; the log has it under the id. */
export function adminFailure(error: Error, requestId: string): Response {
  if (!(error instanceof BridgeError)) {
    const message = `An internal error. Its id in the log is ${requestId}.`
    return Response.json({ error: 'internal', message }, { status: 500, headers: { 'Cache-Control': 'no-store' } })
  }
  const { code, message, remedy } = error
  const headers = { 'Cache-Control': 'no-store', 'Retry-After': String(RETRY_SECONDS) }
  return Response.json({ error: code, message, remedy }, { status: 503, headers })
}
