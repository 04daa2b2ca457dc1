// What a signer may have signed: the base string by the letter, then those of the defects that are met in the field.
import { type Address, baseString } from './base-string.ts'
import { DEFECTIVE_ENCODERS, type Encode, encodeStrictly, JAVASCRIPT } from './encoders.ts'
import { decodePair, type Pair, splitPairs } from './pairs.ts'

export interface SignedRequest {
  readonly method: string
  /** The likeliest first. */
  readonly addresses: readonly Address[]
  /** The decoded parameters beside the query: the header's (without realm and signature) and a form body's. */
  readonly parameters: readonly Pair[]
}

export interface Reading {
  /** Which defect it supposes; null for the base string by the letter. */
  readonly alternate: string | null
  readonly base: string
  /** How this signer encodes the secret. */
  readonly encode: Encode
}

/** One way to get from a request to its base string. */
interface Style {
  readonly alternate: string | null
  readonly pairs: (query: string, parameters: readonly Pair[]) => readonly Pair[]
  readonly encode: Encode
}

const STRICT: Style = { alternate: null, pairs: reencoded(encodeStrictly), encode: encodeStrictly }

/** A signer may use its encoder for the parameters alone, or also for the parts of the base string. */
const ALTERNATES: readonly Style[] = [
  ...DEFECTIVE_ENCODERS.flatMap(({ name, encode }): Style[] => [
    { alternate: name, pairs: reencoded(encode), encode },
    { alternate: name, pairs: reencoded(encode), encode: encodeStrictly },
  ]),
  { alternate: 'raw-query', pairs: withRawQuery, encode: encodeStrictly },
  // Of what a raw query can hold, the other encoders leave no more than this one.
  { alternate: 'raw-query', pairs: withRawQuery, encode: JAVASCRIPT.encode },
  { alternate: 'without-empty', pairs: withoutEmpty, encode: encodeStrictly },
]

/** With more parameters the base string by the letter is the only one: the others' work must stay bounded. */
const MOST_SPOILED = 100

/**
 * Every base string to try, in order: by the letter for each address, then the alternates, then all of it without a port
 * that is not the scheme's own. None comes twice: most requests hold nothing that the defects spoil, and have one or two.
 */
export function* readingsOf({ method, addresses, parameters }: SignedRequest): Generator<Reading> {
  const seen = new Set<string>()
  const portless = addresses.filter(({ port }) => port !== '').map((address) => ({ ...address, port: '' }))
  const isSmall = addresses.every(({ query }) => parameters.length + splitPairs(query).length <= MOST_SPOILED)
  const styles = isSmall ? [STRICT, ...ALTERNATES] : [STRICT]
  for (const places of [addresses, portless]) {
    for (const { alternate, pairs, encode } of styles) {
      for (const address of places) {
        const base = baseString({ method, address, pairs: pairs(address.query, parameters), encode })
        if (seen.has(base)) continue
        seen.add(base)
        yield { alternate: places === portless ? withoutPort(alternate) : alternate, base, encode }
      }
    }
  }
}

function withoutPort(alternate: string | null): string {
  return alternate === null ? 'without-port' : `without-port, ${alternate}`
}

function reencoded(encode: Encode): Style['pairs'] {
  return (query, parameters) => encodePairs([...splitPairs(query).map(decodePair), ...parameters], encode)
}

function withRawQuery(query: string, parameters: readonly Pair[]): readonly Pair[] {
  return [...splitPairs(query), ...encodePairs(parameters, encodeStrictly)]
}

function withoutEmpty(query: string, parameters: readonly Pair[]): readonly Pair[] {
  return reencoded(encodeStrictly)(query, parameters).filter(({ value }) => value !== '')
}

function encodePairs(pairs: readonly Pair[], encode: Encode): readonly Pair[] {
  return pairs.map(({ name, value }) => ({ name: encode(name), value: encode(value) }))
}
