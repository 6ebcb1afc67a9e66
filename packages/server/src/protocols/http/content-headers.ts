const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\w!#$&^.+ -]*"))*$/;

/** The stored type when it is a media type at all; text without a charset is UTF-8. */
export function contentTypeHeader(stored: string | null): string {
  const type = stored?.trim() ?? '';
  if (!MEDIA_TYPE.test(type)) return 'application/octet-stream';
  return /^text\//i.test(type) && !/;[ \t]*charset=/i.test(type) ? `${type}; charset=utf-8` : type;
}

/** `attachment` with the name: quoted where ASCII carries it, RFC 5987 with an ASCII stand-in otherwise. */
export function contentDispositionHeader(fileName: string): string {
  const wellFormed = Buffer.from(fileName, 'utf8').toString('utf8');
  const plain = /^[\x20-\x7e]*$/.test(wellFormed) && !/["\\%]/.test(wellFormed);
  if (plain) return `attachment; filename="${wellFormed}"`;
  const standIn = wellFormed.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  return `attachment; filename="${standIn}"; filename*=utf-8''${encodeExtended(wellFormed)}`;
}

/** encodeURIComponent leaves a few characters that RFC 5987 does not allow in an extended value. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
