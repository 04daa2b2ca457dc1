// Hides what a text says and shows how it is made.

/** Letters become `x` or `X`, digits `9`; blanks and signs stay: `Ada.Li@example.org` is `Xxx.Xx@xxxxxxx.xxx`. */
export function maskText(text: string): string {
  return text
    .replaceAll(/\p{Lu}/gu, 'X')
    .replaceAll(/\p{L}|\p{M}/gu, (letter) => (letter === 'X' ? 'X' : 'x'))
    .replaceAll(/\p{N}/gu, '9')
}
