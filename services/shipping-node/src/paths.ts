const escapes = /(?:%[0-9a-f]{2})+|%/gi;

/** An address whose path can be decoded: what is no escape of UTF-8 stands for itself, as with the other implementation. */
export function decodable(url: string): string {
  const [path, ...query] = url.split(/(?=\?)/) as [string, ...string[]];
  return path.replace(escapes, (found) => (isUtf8(found) ? found : found.replaceAll("%", "%25"))) + query.join("");
}

function isUtf8(escaped: string): boolean {
  try {
    decodeURIComponent(escaped);
    return true;
  } catch {
    return false;
  }
}
