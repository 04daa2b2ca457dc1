// How a reader shows who it is: a token for each run or each request, or OAuth 1.0a.
import { pbkdf2Sync } from 'node:crypto'
import { base64url } from 'jose'
import { DEFAULT_SCOPES } from '../../../src/auth/scopes.ts'
import { seal } from '../../../src/auth/sealing.ts'
import { insertConsumer } from '../../../src/store/consumers.ts'
import type { Sql } from '../../../src/store/sql.ts'
import { headerOf, sign } from '../../auth/oauth1/signer.ts'
import { PUBLIC_URL, SEALING_KEY } from '../process.ts'
import type { World } from '../world.ts'
import type { Access } from './plan.ts'

export interface Credentials {
  readonly id: string
  readonly secret: string
}

/** A consumer whose secret is cheap to verify: the store takes any number of rounds. */
export async function addConsumer(sql: Sql, id: string, schools: readonly string[] | null): Promise<Credentials> {
  const secret = `the-secret-of-${id}`
  const salt = new Uint8Array(16).fill(5)
  const hash = pbkdf2Sync(secret, salt, 1, 32, 'sha256')
  insertConsumer(sql, {
    id,
    name: id,
    secretHash: `pbkdf2-sha256$1$${base64url.encode(salt)}$${base64url.encode(hash)}`,
    sealedSecret: await seal(secret, SEALING_KEY, id),
    previous: null,
    scopes: DEFAULT_SCOPES,
    schools,
    withheld: [],
    switches: [],
    requestsPerMinute: null,
    createdMs: 0,
    rotatedMs: null,
    expiresMs: null,
    source: 'command',
  })
  return { id, secret }
}

export interface Badge {
  /** The address with its query as it is to be sent, and the header; nothing when the token was refused by a dying bridge. */
  show(method: 'GET' | 'HEAD', address: string, query: Pairs): Promise<Shown | undefined>
  /** A new run begins. */
  renew(): void
}

type Pairs = readonly (readonly [string, string])[]

export interface Shown {
  readonly address: string
  readonly authorization: string
}

export function createBadge(world: World, access: Access, credentials: Credentials): Badge {
  if (access === 'oauth1') {
    return {
      show: async (method, address, query) => signed(world, credentials, { method, address, query }),
      renew() {},
    }
  }
  let token: string | undefined
  return {
    async show(_method, address, query) {
      token ??= await fetchToken(world, credentials)
      if (token === undefined) return undefined
      const shown = { address: withQuery(address, query), authorization: `Bearer ${token}` }
      if (access === 'token-a-request') token = undefined
      return shown
    },
    renew() {
      token = undefined
    },
  }
}

export function withQuery(address: string, query: Pairs): string {
  const written = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  return written === '' ? address : `${address}?${written}`
}

async function fetchToken(world: World, { id, secret }: Credentials): Promise<string | undefined> {
  const answer = await world.server()?.ask('/oauth/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  if (answer === undefined) return undefined
  const text = new TextDecoder().decode(answer.bytes)
  if (answer.status !== 200) {
    world.verdict.report('answer-unexpected', `${id}: a token request got ${answer.status}: ${text.slice(0, 200)}`)
    return undefined
  }
  world.tally.add('tokens')
  return (JSON.parse(text) as { access_token: string }).access_token
}

interface Unsigned {
  readonly method: string
  readonly address: string
  readonly query: Pairs
}

function signed(world: World, { id, secret }: Credentials, { method, address, query }: Unsigned): Shown {
  const oauth = {
    oauth_timestamp: String(Math.floor(world.scheduler.now() / 1_000)),
    oauth_nonce: `nonce-${id}-${world.number()}`,
  }
  const made = sign({ method, key: id, secret, url: `${PUBLIC_URL}${address}`, query, oauth })
  return { address: made.url.slice(PUBLIC_URL.length), authorization: headerOf(made.oauth) }
}
