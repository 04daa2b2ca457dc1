// The mapping's rules as numbers of a byte, so that every id can hold one.

export interface RuleNumbers {
  /** 0 for none. */
  numberOf(name: string | undefined): number
  nameOf(number: number): string | undefined
  /** The names from 1 on. */
  state(): readonly string[]
}

const MOST = 255

/** A mapping has a dozen rules; those beyond the 255th would count as unknown. */
export function openRuleNumbers(from: readonly string[] = []): RuleNumbers {
  const numbers = new Map(from.map((name, index) => [name, index + 1]))
  const names: (string | undefined)[] = [undefined, ...from]
  let last = 0
  return {
    numberOf(name) {
      if (name === undefined) return 0
      // A rule's records come together.
      if (name === names[last]) return last
      const known = numbers.get(name)
      if (known !== undefined) {
        last = known
        return known
      }
      if (names.length > MOST) return 0
      names.push(name)
      numbers.set(name, names.length - 1)
      return names.length - 1
    },
    nameOf: (number) => names[number],
    state: () => names.slice(1).map((name) => name ?? ''),
  }
}
