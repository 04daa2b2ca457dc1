// Reads a token request in every shape that consumers send: what is asked, and with which credentials.

export interface Credentials {
  readonly id: string
  readonly secret: string
}

export interface TokenRequest {
  /** Undefined when it was not sent. */
  readonly grantType: string | undefined
  /** The scopes asked for; empty when none were. */
  readonly scopes: readonly string[]
  /** The ways to read the credentials, the standard's first; empty when none were sent. */
  readonly credentials: readonly Credentials[]
  readonly isBasic: boolean
}

/** A refusal as RFC 6749 §5.2 words it (503: §4.1.2.1, which has a word for it). Its description keeps to the letters allowed there and repeats nothing sent. */
export interface TokenRefusal {
  readonly ok: false
  readonly status: 400 | 401 | 405 | 413 | 503
  readonly error:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_scope'
    | 'unsupported_grant_type'
    | 'temporarily_unavailable'
  readonly description: string
}

export type TokenRequestResult = { readonly ok: true; readonly request: TokenRequest } | TokenRefusal

type Parameters = ReadonlyMap<string, string>
type Read<T> = { readonly ok: true; readonly value: T } | TokenRefusal

const MAX_BODY_BYTES = 8_192

/**
 * Reads the grant and scope from the body (form or JSON) or the query, and the credentials from a Basic header or the
 * body. Refuses a body over 8 KB, a parameter sent twice (RFC 6749 §3.2), and a secret in the URL, where logs keep it.
 */
export async function readTokenRequest(request: Request): Promise<TokenRequestResult> {
  const query = fromPairs(new URL(request.url).searchParams)
  if (!query.ok) return query
  if (query.value.has('client_secret')) return invalid('The client secret must not be sent in the URL')
  const text = await readBody(request)
  if (!text.ok) return text
  const body = parseBody(text.value, request.headers.get('content-type') ?? '')
  if (!body.ok) return body
  const basic = readBasic(request.headers.get('authorization'))
  if (!basic.ok) return basic

  const bodyId = body.value.get('client_id')
  if (bodyId !== undefined && basic.value !== undefined && !basic.value.some(({ id }) => id === bodyId)) {
    return invalid('The client_id of the body is not the one of the Authorization header')
  }
  return {
    ok: true,
    request: {
      grantType: body.value.get('grant_type') ?? query.value.get('grant_type'),
      scopes: (body.value.get('scope') ?? query.value.get('scope') ?? '').split(/\s+/).filter((scope) => scope !== ''),
      credentials: basic.value ?? fromBody(body.value),
      isBasic: basic.value !== undefined,
    },
  }
}

function fromBody(body: Parameters): readonly Credentials[] {
  const id = body.get('client_id')
  const secret = body.get('client_secret')
  return id === undefined || secret === undefined ? [] : [{ id, secret }]
}

async function readBody(request: Request): Promise<Read<string>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunksOf(request.body)) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) return { ...invalid(`The body is over ${MAX_BODY_BYTES} bytes`), status: 413 }
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return { ok: true, value: new TextDecoder().decode(bytes) }
}

/** Leaving the loop early cancels the body, so that a long one is not read to its end. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    await reader.cancel()
  }
}

function parseBody(text: string, contentType: string): Read<Parameters> {
  const trimmed = text.trim()
  if (/^multipart\//i.test(contentType)) return invalid('Send the body as application/x-www-form-urlencoded')
  if (/\bjson\b/i.test(contentType) && trimmed !== '') return fromJson(trimmed)
  return trimmed.startsWith('{') ? fromJson(trimmed) : fromPairs(new URLSearchParams(trimmed))
}

function fromJson(text: string): Read<Parameters> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return invalid('The body is not JSON, though its content type or first character says so')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid('The body is not a JSON object')
  const pairs: [name: string, text: string][] = []
  for (const [name, entry] of Object.entries(value)) {
    // Whatever nobody knows may hold anything (RFC 6749 §3.2); null is what some write for a parameter that is left out.
    if (!PARAMETERS.includes(name) || entry === null) continue
    const text = textOf(entry)
    if (text === undefined) return invalid(`${name} is neither text nor a list of texts`)
    pairs.push([name, text])
  }
  return fromPairs(pairs)
}

const PARAMETERS: readonly string[] = ['grant_type', 'scope', 'client_id', 'client_secret']

/** Texts as they are, those of a list with blanks between them; undefined for anything else. */
function textOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry
  return Array.isArray(entry) && entry.every((item) => typeof item === 'string') ? entry.join(' ') : undefined
}

/** A parameter without a value counts as left out (RFC 6749 §3.2). */
function fromPairs(pairs: Iterable<readonly [string, string]>): Read<Parameters> {
  const parameters = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (value === '') continue
    if (parameters.has(name)) return invalid('A parameter was sent twice')
    parameters.set(name, value)
  }
  return { ok: true, value: parameters }
}

/**
 * The credentials of a Basic header, undefined without one. RFC 6749 §2.3.1 has id and secret form-encoded before base64,
 * most consumers do not: the decoded pair comes first, then the raw one where it differs.
 */
function readBasic(header: string | null): Read<readonly Credentials[] | undefined> {
  const [, encoded] = /^Basic +(\S+) *$/i.exec(header ?? '') ?? []
  if (encoded === undefined) {
    return /^Basic\b/i.test(header ?? '') ? BROKEN_BASIC : { ok: true, value: undefined }
  }
  const pair = decodeBase64(encoded)
  const colon = pair?.indexOf(':') ?? -1
  if (pair === undefined || colon < 1) return BROKEN_BASIC
  const raw = { id: pair.slice(0, colon), secret: pair.slice(colon + 1) }
  const id = decodeForm(raw.id)
  const secret = decodeForm(raw.secret)
  const isEncoded = id !== raw.id || secret !== raw.secret
  return { ok: true, value: isEncoded && id !== undefined && secret !== undefined ? [{ id, secret }, raw] : [raw] }
}

function decodeBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
      letter.charCodeAt(0),
    )
    return new TextDecoder().decode(bytes)
  } catch {
    return undefined
  }
}

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function invalid(description: string): TokenRefusal {
  return { ok: false, status: 400, error: 'invalid_request', description }
}

const BROKEN_BASIC: TokenRefusal = {
  ok: false,
  status: 401,
  error: 'invalid_client',
  description: 'The Authorization header is not Basic with base64 of id:secret',
}
