// A consumer that signs, right or with the defects of real ones. It shares nothing with what verifies.
import { createHmac } from 'node:crypto'
import { authenticateOAuth1, type OAuth1Deps } from '../../../src/auth/oauth1/oauth1.ts'
import { NONCES_SCHEMA } from '../../../src/store/nonces.ts'
import type { Sql } from '../../../src/store/sql.ts'
import { openTestStore } from '../../support/runtime.ts'

export const NOW_SECONDS = 1_768_464_000
export const KEY = 'or-client'
export const SECRET = 's3cret-of-the-client'
export const BASE = 'https://roster.example.org/ims/oneroster/v1p1'

export type Encoder = (text: string) => string
type Pairs = readonly (readonly [name: string, value: string])[]

/** Byte by byte, so that it owes nothing to the platform's encoders. */
export function encoderThatLeaves(extra: string, blank = '%20'): Encoder {
  const leaves = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._${extra}`
  return (text) =>
    [...Buffer.from(text, 'utf8')]
      .map((byte) => {
        const char = String.fromCharCode(byte)
        if (char === ' ') return blank
        return leaves.includes(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
      })
      .join('')
}

export const rfc5849 = encoderThatLeaves('~')

export interface Signing {
  readonly method?: string
  /** What is requested: address with path, without query. */
  readonly url?: string
  /** What is signed instead, when that is another. */
  readonly signedUrl?: string
  /** The query's parameters, decoded. */
  readonly query?: Pairs
  /** The query as it is sent; encoded by the RFC when left out. */
  readonly sentQuery?: string
  /** Encodes the parameters. */
  readonly encode?: Encoder
  /** Encodes the parts of the base string; `encode` when left out. */
  readonly encodeParts?: Encoder
  /** The pairs that are signed for the query, encoded already. */
  readonly signedQuery?: Pairs
  /** Changes or (undefined) removes parameters of the header before they are signed. */
  readonly oauth?: Readonly<Record<string, string | undefined>>
  readonly form?: Pairs
  readonly key?: string
  readonly secret?: string
  readonly hmac?: 'sha256' | 'sha1'
}

export interface Signed {
  readonly url: string
  readonly method: string
  readonly oauth: Pairs
}

/** Signs as `signing` says; `oauth` holds the header's parameters with their signature. */
export function sign(signing: Signing): Signed {
  const { method = 'GET', url = `${BASE}/users`, query = [], encode = rfc5849, hmac = 'sha256' } = signing
  const parts = signing.encodeParts ?? encode
  const sentQuery = signing.sentQuery ?? query.map(([name, value]) => `${rfc5849(name)}=${rfc5849(value)}`).join('&')
  const wanted = {
    oauth_consumer_key: signing.key ?? KEY,
    oauth_signature_method: hmac === 'sha1' ? 'HMAC-SHA1' : 'HMAC-SHA256',
    oauth_timestamp: String(NOW_SECONDS),
    oauth_nonce: 'nonce-1',
    ...signing.oauth,
  }
  const oauth = Object.entries(wanted).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const encoded = (pairs: Pairs) => pairs.map(([name, value]) => [encode(name), encode(value)] as const)
  const all = [...(signing.signedQuery ?? encoded(query)), ...encoded(oauth), ...encoded(signing.form ?? [])]
  const sorted = all.toSorted((left, right) => compare(left[0], right[0]) || compare(left[1], right[1]))
  const text = sorted.map(([name, value]) => `${name}=${value}`).join('&')
  const base = [method, signing.signedUrl ?? url, text].map(parts).join('&')
  const signature = createHmac(hmac, `${rfc5849(signing.secret ?? SECRET)}&`)
    .update(base)
    .digest('base64')
  const address = sentQuery === '' ? url : `${url}?${sentQuery}`
  return { url: address, method, oauth: [...oauth, ['oauth_signature', signature]] }
}

export function headerOf(oauth: Pairs): string {
  return `OAuth ${oauth.map(([name, value]) => `${rfc5849(name)}="${rfc5849(value)}"`).join(', ')}`
}

export interface LogEntry {
  readonly event: string
  readonly fields: unknown
}

/** A server that knows one consumer; tests own its clock and its rules. */
export function createServer(change: Partial<OAuth1Deps> = {}) {
  const sql = change.sql ?? openNonces()
  const clock = { ms: NOW_SECONDS * 1000 }
  const logged: LogEntry[] = []
  const write = (event: string, fields?: unknown) => void logged.push({ event, fields })
  const deps: Omit<OAuth1Deps, 'addresses'> = {
    sql,
    now: () => clock.ms,
    log: { debug: write, info: write, warn: write, error: write },
    secretsOf: async (key) => (key === KEY ? { secrets: [SECRET], mayUseSha1: true } : undefined),
    ...change,
  }
  const ask = (url: string, init: RequestInit, addresses: readonly string[] = change.addresses ?? [url]) =>
    // The path and query of a Request are not the letters that were sent: the addresses are.
    authenticateOAuth1(new Request(new URL(url).origin, init), { ...deps, addresses })
  return {
    sql,
    clock,
    logged,
    ask,
    askSigned: ({ url, method, oauth }: Signed, addresses?: readonly string[]) =>
      ask(url, { method, headers: { authorization: headerOf(oauth) } }, addresses),
    alternates: () => logged.map(({ fields }) => fields),
  }
}

function openNonces(): Sql {
  const sql = openTestStore()
  for (const statement of NONCES_SCHEMA) sql.run(statement)
  return sql
}

export const ACCEPTED = { ok: true, consumerKey: KEY }

function compare(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
