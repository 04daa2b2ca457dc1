// XML as the plugin's files write it: escaped, indented, one element a line.

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // White space of attributes is normalized when it is read, unless it stands as a reference.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** Whether XML 1.0 can hold the text at all, escaped or not (its production 2, Char). */
export function isXmlText(text: string): boolean {
  return /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text)
}

/** An element with text, with elements (each as this function gives it), or empty. It ends with a line break. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  content?: string | readonly string[],
): string {
  const head = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escapeXml(value)}"`)].join(' ')
  if (content === undefined) return `<${head}/>\n`
  if (typeof content === 'string') return `<${head}>${escapeXml(content)}</${name}>\n`
  return `<${head}>\n${content.map(indent).join('')}</${name}>\n`
}

/** The value of an attribute, or the text of an element, as it was before it was escaped; named entities of XML alone. */
export function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? all
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : all
  })
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function escapeXml(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? character)
}

/** Each line of a child two blanks further in, but what stands in CDATA, where blanks may be part of a text. */
function indent(child: string): string {
  return child.replace(/<!\[CDATA\[[\s\S]*?\]\]>|^(?=.)/gm, (found) => (found === '' ? '  ' : found))
}
