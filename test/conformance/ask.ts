// How the tests ask a bridge for an operation, and have the answer judged.
import { expect } from 'vitest'
import { bearer, request } from '../http/support.ts'
import type { TestBridge } from '../support/bridge.ts'
import { PUBLIC_URL } from '../support/known.ts'
import { baseOf, type Operation } from './operations.ts'
import { tokenOf } from './tokens.ts'
import { validateAnswer } from './validate.ts'

const NOBODY = 'nobody-has-this-id'

export type Row = Readonly<Record<string, unknown>> & { readonly sourcedId: string }

export interface Judged {
  /** Method and path. */
  readonly request: string
  readonly status: number
  readonly headers: Headers
  /** The parsed body; undefined when it is empty or no JSON, which `faults` tells. */
  readonly body: unknown
  readonly rows: readonly Row[]
  /** Of the answer, each with the request before it. */
  readonly faults: readonly string[]
}

export interface Ask {
  readonly query?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly method?: string
  /** A token of all the consumer's scopes unless told; null for none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly nativeBooleans?: boolean
  /** The public address, when it is not the tests' usual one. */
  readonly publicUrl?: string
}

/** Asks an operation; its path's parameters are all somebody's that nobody is unless told. */
export async function ask(bridge: TestBridge, operation: Operation, how: Ask = {}): Promise<Judged> {
  const { query = '', parameters = {}, method = operation.method, headers = {} } = how
  const below = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? NOBODY),
  )
  const path = `${baseOf(operation)}/${below}${query === '' ? '' : `?${query}`}`
  const token = how.token === undefined ? await tokenOf(bridge) : how.token
  const sent = { ...(token === null ? {} : bearer(token)), ...headers }
  const writes = method === 'PUT' || method === 'POST'
  const answer = await request(bridge, path, {
    method,
    headers: writes ? { 'content-type': 'application/json', ...sent } : sent,
    ...(writes ? { body: JSON.stringify({ [operation.entity]: { title: 'x' } }) } : {}),
  })
  const body = await textOf(answer)
  const { status } = answer
  const faults = validateAnswer(
    operation,
    { status, headers: answer.headers, body },
    { method, publicUrl: how.publicUrl ?? PUBLIC_URL, path, nativeBooleans: how.nativeBooleans ?? false },
  )
  const parsed = parse(body)
  return {
    request: `${method} ${path}`,
    status,
    headers: answer.headers,
    body: parsed,
    rows: rowsOf(parsed, operation.key),
    faults: faults.map((fault) => `${method} ${path} → ${status}: ${fault}`),
  }
}

async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-encoding') !== 'gzip' || answer.body === null) return answer.text()
  return new Response(answer.body.pipeThrough(new DecompressionStream('gzip'))).text()
}

/** Asks for each of these, expects answers that conform, with the status that is due, and gives them back. */
export async function expectAnswers(
  bridge: TestBridge,
  operation: Operation,
  ...asks: readonly (Ask & { readonly due: number })[]
): Promise<readonly Judged[]> {
  const answers: Judged[] = []
  const faults: string[] = []
  for (const { due, ...how } of asks) {
    const judged = await ask(bridge, operation, how)
    answers.push(judged)
    faults.push(...judged.faults)
    if (judged.status !== due) faults.push(`${judged.request} → ${judged.status}, where ${due} is due`)
  }
  expectConform(faults)
  return answers
}

/** Fails with the first of the faults in its message. */
export function expectConform(faults: readonly string[]): void {
  expect(faults, faults.slice(0, 8).join('\n')).toEqual([])
}

/** The error's code in either version. */
export function minorOf(body: unknown): unknown {
  // Tests lay it beside a text; whatever else it is, it is not that text.
  const { statusInfoSet, imsx_CodeMinor } = (body ?? {}) as {
    readonly statusInfoSet?: readonly { readonly imsx_codeMinor?: unknown }[]
    readonly imsx_CodeMinor?: {
      readonly imsx_codeMinorField?: readonly { readonly imsx_codeMinorFieldValue?: unknown }[]
    }
  }
  return statusInfoSet?.[0]?.imsx_codeMinor ?? imsx_CodeMinor?.imsx_codeMinorField?.[0]?.imsx_codeMinorFieldValue
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function rowsOf(body: unknown, key: string): readonly Row[] {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[key]
  // What is no row fails its schema, and is told in the faults.
  return [value ?? []].flat() as Row[]
}
