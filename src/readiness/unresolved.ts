// References to what had not been delivered yet when they were seen, until the end tells whether it came.
import { grown, moreThan, openPackedTexts, type PackedTextsState } from './packed-texts.ts'

export interface Unresolved {
  /** Begins the references of a record; `rule` is a number below 256. */
  from(key: string, rule: number): void
  /** A reference of that record, by the numbers of its kind (below `MOST_KINDS`) and its target (below 2²⁷). */
  add(kind: number, target: number): void
  /** Those whose target is still missing, in the order in which they were seen; nothing at times, to let others in. */
  missing(isMissing: (kind: number, target: number) => boolean): Generator<Missing | undefined>
  /** Between two records. */
  state(): UnresolvedState
}

export interface UnresolvedState {
  readonly keys: PackedTextsState
  readonly rules: Uint8Array
  readonly references: Uint32Array
}

export interface Missing {
  readonly kind: number
  readonly key: string
  readonly rule: number
}

const KIND_BITS = 4
/** How many kinds of references there can be. */
export const MOST_KINDS = 1 << KIND_BITS
const BEGINS = 1 << 31
/** References that are looked at without a break. */
const STEP = 4_096

/**
 * Four bytes a reference, and for each record its key with five bytes more: even when every enrollment of a large district
 * comes before the users, classes and orgs, that is 20 MB.
 */
export function openUnresolved(from?: UnresolvedState): Unresolved {
  const keys = openPackedTexts(from?.keys)
  let rules = from?.rules ?? new Uint8Array(1 << 7)
  // Each is 1 where a record's references begin, the kind in the bits below that, and the target in the others.
  let references = from?.references ?? new Uint32Array(1 << 7)
  let size = from?.references.length ?? 0
  let key = ''
  let rule = 0
  let isNoted = false

  /** The bit that stands before the first reference of a record. */
  const begin = (): number => {
    if (isNoted) return 0
    isNoted = true
    const number = keys.add(key)
    if (number === rules.length) rules = grown(rules, new Uint8Array(moreThan(number)))
    rules[number] = rule
    return BEGINS
  }

  return {
    from(nextKey, nextRule) {
      key = nextKey
      rule = nextRule
      isNoted = false
    },
    add(kind, target) {
      if (size === references.length) references = grown(references, new Uint32Array(moreThan(size)))
      references[size] = begin() | (target << KIND_BITS) | kind
      size += 1
    },
    *missing(isMissing) {
      let owner = -1
      for (let at = 0; at < size; at++) {
        if (at % STEP === 0) yield undefined
        const reference = references[at] ?? 0
        if (reference >= BEGINS >>> 0) owner += 1
        const kind = reference & (MOST_KINDS - 1)
        if (isMissing(kind, (reference & ~BEGINS) >>> KIND_BITS)) {
          yield { kind, key: keys.textOf(owner), rule: rules[owner] ?? 0 }
        }
      }
    },
    state: () => ({
      keys: keys.state(),
      rules: rules.subarray(0, keys.size),
      references: references.subarray(0, size),
    }),
  }
}
