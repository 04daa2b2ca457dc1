// Short texts by number, packed into bytes: a sixth of what as many strings would take.

export interface PackedTexts {
  /** Numbers count from 0. */
  add(text: string): number
  textOf(number: number): string
  /** Whether the text of that number is this one. */
  is(number: number, text: string): boolean
  readonly size: number
  state(): PackedTextsState
}

export interface PackedTextsState {
  readonly bytes: Uint8Array
  /** Where each text begins, and where the last one ends. */
  readonly starts: Uint32Array
}

const ESCAPE = 0x25

export function openPackedTexts(from?: PackedTextsState): PackedTexts {
  let bytes = from?.bytes ?? new Uint8Array(1 << 12)
  // Where each text begins; one more than there are texts.
  let starts = from?.starts ?? new Uint32Array(1 << 9)
  let size = from === undefined ? 0 : from.starts.length - 1

  const textOf = (number: number) =>
    unescaped(String.fromCharCode(...bytes.subarray(starts[number], starts[number + 1])))

  return {
    get size() {
      return size
    },
    textOf,
    add(text) {
      const ascii = escaped(text)
      const start = starts[size] ?? 0
      const end = start + ascii.length
      if (size + 2 > starts.length) starts = grown(starts, new Uint32Array(moreThan(size + 2)))
      if (end > bytes.length) bytes = grown(bytes, new Uint8Array(moreThan(end)))
      for (let at = 0; at < ascii.length; at++) bytes[start + at] = ascii.charCodeAt(at)
      size += 1
      starts[size] = end
      return size - 1
    },
    is(number, text) {
      const start = starts[number] ?? 0
      const length = (starts[number + 1] ?? 0) - start
      if (!isPlain(text)) return textOf(number) === text
      if (length !== text.length) return false
      for (let at = 0; at < length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
      return true
    },
    state: () => ({ bytes: bytes.subarray(0, starts[size]), starts: starts.subarray(0, size + 1) }),
  }
}

/** Room for half as many again, so that little of it stands empty. */
export function moreThan(size: number): number {
  return size + (size >>> 1) + 16
}

/** The old numbers at the beginning of the new. */
export function grown<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}

/** The text itself, as nearly all ids are ASCII; every other text as one of ASCII that no second text becomes. */
function escaped(text: string): string {
  if (isPlain(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII and the escape itself.
  return text.replace(/[^\u0000-\u007e]|%/g, (found) => `%${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7e || unit === ESCAPE) return false
  }
  return true
}

function unescaped(ascii: string): string {
  if (!ascii.includes('%')) return ascii
  return ascii.replace(/%(.{4})/gs, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
}
