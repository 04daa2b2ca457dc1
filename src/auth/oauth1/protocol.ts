// The `oauth_…` parameters of a request: which must be there, once, and what they may say (RFC 5849 §3.1, §3.2).
import type { Pair } from './pairs.ts'
import { HASHES, type Hash } from './signature.ts'

export interface Protocol {
  readonly consumerKey: string
  readonly hash: Hash
  /** Base64, as it was sent. */
  readonly signature: string
  /** As it was sent. */
  readonly timestamp: string
  readonly nonce: string
  /** Undefined when it was not sent. */
  readonly bodyHash: string | undefined
  /** What is signed of the header: all but its realm and its signature. */
  readonly signed: readonly Pair[]
}

/** `fault` is a sentence for the consumer's maker; it repeats nothing that was sent. */
export type ProtocolResult =
  | { readonly ok: true; readonly protocol: Protocol }
  | { readonly ok: false; readonly fault: string }

const REQUIRED = [
  'oauth_consumer_key',
  'oauth_signature_method',
  'oauth_signature',
  'oauth_timestamp',
  'oauth_nonce',
] as const
const OPTIONAL = ['oauth_token', 'oauth_version'] as const
const PROTOCOL: readonly string[] = [...REQUIRED, ...OPTIONAL]
const UNSIGNED: readonly string[] = ['realm', 'oauth_signature']

/** Reads the header's parameters. `others` are those of query and form body, which must not repeat them. */
export function readProtocol(header: readonly Pair[], others: readonly Pair[]): ProtocolResult {
  const values = new Map<string, string>()
  const repeated = new Set(others.map(({ name }) => name))
  for (const { name, value } of header) {
    if (values.has(name)) repeated.add(name)
    values.set(name, value)
  }
  const twice = PROTOCOL.find((name) => repeated.has(name))
  if (twice !== undefined) return fault(`${twice} was sent twice. Send it once, in the Authorization header.`)
  if (values.size < header.length) return fault('A parameter of the Authorization header was sent twice.')

  const valueFor = (name: string) => values.get(name) ?? ''
  const missing = REQUIRED.filter((name) => valueFor(name) === '')
  if (missing.length > 0) return fault(`The Authorization header lacks ${missing.join(', ')}.`)
  if (!['', '1.0'].includes(valueFor('oauth_version'))) return fault('oauth_version must be 1.0 or be left out.')
  if (valueFor('oauth_token') !== '') return fault('No tokens are given out here. Leave oauth_token empty or out.')
  const hash = HASHES.get(valueFor('oauth_signature_method').toUpperCase())
  if (hash === undefined) return fault('This oauth_signature_method is not supported. Use HMAC-SHA256 or HMAC-SHA1.')
  return {
    ok: true,
    protocol: {
      consumerKey: valueFor('oauth_consumer_key'),
      hash,
      signature: valueFor('oauth_signature'),
      timestamp: valueFor('oauth_timestamp'),
      nonce: valueFor('oauth_nonce'),
      bodyHash: values.get('oauth_body_hash'),
      signed: header.filter(({ name }) => !UNSIGNED.includes(name)),
    },
  }
}

function fault(text: string): ProtocolResult {
  return { ok: false, fault: text }
}
