// Finds a number by a hash: open addressing, grown before it is three quarters full.

export interface NumberTable {
  /**
   * The number under which something with this hash (32 bits, not negative) was added and of which `isIt` holds, or the next
   * free number, which is then taken. Numbers count from 0.
   */
  find(hash: number, isIt: (number: number) => boolean): number
  readonly size: number
  state(): NumberTableState
}

export interface NumberTableState {
  readonly slots: Uint32Array
  readonly size: number
}

export function openNumberTable(from?: NumberTableState): NumberTable {
  // In pairs, so that both are read at once: a number plus one, or 0 where the slot is free, and its hash.
  let slots = from?.slots ?? new Uint32Array(1 << 9)
  let size = from?.size ?? 0

  return {
    get size() {
      return size
    },
    find(hash, isIt) {
      const at = slotOf(slots, hash, isIt)
      const held = slots[at] ?? 0
      if (held !== 0) return held - 1
      size += 1
      slots[at] = size
      slots[at + 1] = hash
      if (size * 8 > slots.length * 3) slots = spread(slots)
      return size - 1
    },
    state: () => ({ slots, size }),
  }
}

/** Where it is, or the free slot where it belongs. */
function slotOf(slots: Uint32Array, hash: number, isIt: (number: number) => boolean): number {
  const mask = slots.length - 1
  let at = (hash << 1) & mask
  for (let held = slots[at] ?? 0; held !== 0; held = slots[at] ?? 0) {
    if (slots[at + 1] === hash && isIt(held - 1)) return at
    at = (at + 2) & mask
  }
  return at
}

function spread(old: Uint32Array): Uint32Array<ArrayBuffer> {
  const slots = new Uint32Array(old.length * 2)
  const nobody = () => false
  for (let from = 0; from < old.length; from += 2) {
    const held = old[from] ?? 0
    if (held === 0) continue
    const hash = old[from + 1] ?? 0
    const at = slotOf(slots, hash, nobody)
    slots[at] = held
    slots[at + 1] = hash
  }
  return slots
}
