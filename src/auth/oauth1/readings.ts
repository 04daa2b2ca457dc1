// What a signer may have signed: the base string by the letter, then those of the defects that are met in the field.
import { type Address, baseString, parameterPart } from './base-string.ts'
import { DEFECTIVE_ENCODERS, type Encode, encodeStrictly, JAVASCRIPT } from './encoders.ts'
import { decodePair, type Pair, splitPairs } from './pairs.ts'

export interface SignedRequest {
  readonly method: string
  /** The likeliest first; the query is the first one's. */
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

/** The parameters of a request, wherever they come from. */
interface Parameters {
  /** The query's as they were sent. */
  readonly raw: readonly Pair[]
  /** The same decoded. */
  readonly query: readonly Pair[]
  /** Those beside the query, decoded. */
  readonly others: readonly Pair[]
}

/** One way to get from a request to its base string. */
interface Style {
  readonly alternate: string | null
  readonly pairs: (parameters: Parameters) => readonly Pair[]
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

/**
 * With more parameters, or more characters in them, the base string by the letter is the only one: whoever knows no secret
 * has all of them made and hashed (measured: 3 ms of the main thread at these bounds).
 */
const MOST_SPOILED = 100
const MOST_SPOILED_CHARACTERS = 2_048

/**
 * Every base string to try, in order: by the letter for each address, then the alternates, then all of it without a port
 * that is not the scheme's own. None comes twice: most requests hold nothing that the defects spoil, and have one or two.
 */
export function* readingsOf({ method, addresses, parameters }: SignedRequest): Generator<Reading> {
  const seen = new Set<string>()
  const portless = addresses.filter(({ port }) => port !== '').map((address) => ({ ...address, port: '' }))
  const raw = splitPairs(addresses[0]?.query ?? '')
  const all: Parameters = { raw, query: raw.map(decodePair), others: parameters }
  const parts = new Map<Style, string>()
  const partOf = (style: Style): string => {
    const part = parts.get(style) ?? parameterPart(style.pairs(all), style.encode)
    parts.set(style, part)
    return part
  }
  for (const places of [addresses, portless]) {
    for (const style of mayBeSpoilt(all) ? [STRICT, ...ALTERNATES] : [STRICT]) {
      const { alternate, encode } = style
      for (const address of places) {
        const base = baseString({ method, address, parameters: partOf(style), encode })
        if (seen.has(base)) continue
        seen.add(base)
        yield { alternate: places === portless ? withoutPort(alternate) : alternate, base, encode }
      }
    }
  }
}

function mayBeSpoilt({ raw, others }: Parameters): boolean {
  const pairs = [...raw, ...others]
  const characters = pairs.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  return pairs.length <= MOST_SPOILED && characters <= MOST_SPOILED_CHARACTERS
}

function withoutPort(alternate: string | null): string {
  return alternate === null ? 'without-port' : `without-port, ${alternate}`
}

function reencoded(encode: Encode): Style['pairs'] {
  return ({ query, others }) => encodePairs([...query, ...others], encode)
}

function withRawQuery({ raw, others }: Parameters): readonly Pair[] {
  return [...raw, ...encodePairs(others, encodeStrictly)]
}

function withoutEmpty(parameters: Parameters): readonly Pair[] {
  return reencoded(encodeStrictly)(parameters).filter(({ value }) => value !== '')
}

function encodePairs(pairs: readonly Pair[], encode: Encode): readonly Pair[] {
  return pairs.map(({ name, value }) => ({ name: encode(name), value: encode(value) }))
}
