// Percent-encoding: RFC 5849's own, and what the encoders of real signers make of it.

export type Encode = (text: string) => string

/** RFC 5849 §3.6: only letters, digits and `- . _ ~` stay; UTF-8, upper-case hex, a blank is `%20`. */
export const encodeStrictly: Encode = encoder({ leaves: '~', blank: '%20' })

export interface NamedEncoder {
  readonly name: string
  readonly encode: Encode
}

/** `encodeURIComponent` and `querystring.escape` of JavaScript: whatever any other of them leaves, this one leaves. */
export const JAVASCRIPT: NamedEncoder = { name: 'javascript', encode: encoder({ leaves: "!'()*~", blank: '%20' }) }

/**
 * The encoders met that differ from the RFC's, the commonest first. Each also comes with `+` for a blank: Java's
 * `URLEncoder`, .NET's `HttpUtility.UrlEncode` and `jQuery.param` write it so unless their user mends it.
 */
export const DEFECTIVE_ENCODERS: readonly NamedEncoder[] = [
  JAVASCRIPT,
  { name: 'java', encode: encoder({ leaves: '*', blank: '%20' }) },
  { name: 'dotnet', encode: encoder({ leaves: '!()*', blank: '%20' }) },
  { name: 'ruby', encode: encoder({ leaves: '~', blank: '+' }) },
  { name: 'javascript-plus', encode: encoder({ leaves: "!'()*~", blank: '+' }) },
  { name: 'java-plus', encode: encoder({ leaves: '*', blank: '+' }) },
  { name: 'dotnet-plus', encode: encoder({ leaves: '!()*', blank: '+' }) },
]

/** What `encodeURIComponent` leaves, besides what every encoder leaves. */
const LEFT = /[!'()*~]/

function encoder({ leaves, blank }: { readonly leaves: string; readonly blank: string }): Encode {
  const escapes = [..."!'()*~"].filter((char) => !leaves.includes(char)).map((char) => [char, escapeOf(char)] as const)
  const replacements = blank === '%20' ? escapes : [...escapes, ['%20', blank] as const]
  return (text) => {
    const encoded = encodeURIComponent(text.toWellFormed())
    // Letter by letter over the whole text: a callback for each match takes twice as long.
    return LEFT.test(encoded) || blank !== '%20'
      ? replacements.reduce((changed, [from, to]) => changed.replaceAll(from, to), encoded)
      : encoded
  }
}

function escapeOf(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`
}
