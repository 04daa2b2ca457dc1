// The forms of texts that School Data Sync and Entra ask for. Each test is linear in the text's length.

// addr-spec of RFC 5322 §3.4.1 without comments, folding white space and obsolete forms.
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const DOT_ATOM = `${ATEXT}(?:\\.${ATEXT})*`
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"'
const LITERAL = '\\[[!-Z^-~]*\\]'
const ADDR_SPEC = new RegExp(`^(?:${DOT_ATOM}|${QUOTED})@(?:${DOT_ATOM}|${LITERAL})$`)

export function isEmail(text: string): boolean {
  return ADDR_SPEC.test(text)
}

/** E.164: a plus, the country code, no more than 15 digits. */
export function isE164(text: string): boolean {
  return /^\+[1-9]\d{1,14}$/.test(text)
}

/** A calendar date that exists, alone or before the time of day. */
export function isIsoDate(text: string): boolean {
  if (text.length !== 10 && text[10] !== 'T') return false
  // By hand: there are two in every enrollment, and `Date` would take ten times as long.
  const year = numberIn(text, 0, 4)
  const month = numberIn(text, 5, 7)
  const day = numberIn(text, 8, 10)
  return year >= 0 && text[4] === '-' && text[7] === '-' && day >= 1 && day <= daysIn(year, month)
}

/** The digits from one place up to another as a number, -1 when there is anything else. */
function numberIn(text: string, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
  }
  return number
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0)
}

/** Line breaks, tabs and other control characters. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** What a userPrincipalName refuses, blanks and letters outside ASCII included. */
export function hasUsernameFault(text: string): boolean {
  return /[^!-~]|[\\%&*+/=?{}|<>();:,[\]"]|@.*@/.test(text)
}

/** Fewer than 64 characters before the `@`, fewer than 48 after it, 113 in all. */
export function isUsernameTooLong(text: string): boolean {
  const at = text.indexOf('@')
  if (at < 0) return text.length >= 64
  return at >= 64 || text.length - at - 1 >= 48 || text.length > 113
}

/** Letters and digits of ASCII, at most 64: a class's id becomes a part of its group's mail alias. */
export function isAlias(text: string): boolean {
  return /^[A-Za-z0-9]{1,64}$/.test(text)
}
