using Microsoft.AspNetCore.Http.Features;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;
using HttpContext = Microsoft.AspNetCore.Http.HttpContext;

namespace DaprShop.Common;

/// <summary>
/// Bodies over the limit, refused so that the answer arrives. Kestrel's own limit closes the connection on whoever is still sending,
/// who may then see it reset instead of the 413; here the limit is lifted for such a request and checked by us, and what is left of
/// the body is Kestrel's to read away, as it does for up to five seconds after any answer.
/// </summary>
internal static class BodyLimit
{
    /// <summary>
    /// Whether the request says that its body is larger. A body that does not tell its length (chunked) is cut when it has passed the
    /// limit: its reader gets a <see cref="BadHttpRequestException"/> with status 413.
    /// </summary>
    /// <param name="context">A request whose body nobody has read of yet.</param>
    /// <param name="limit">Bytes; what Kestrel is told as well.</param>
    public static bool IsExceeded(HttpContext context, long limit)
    {
        var request = context.Request;
        var isChunked = request.Headers.TransferEncoding.Count > 0;
        if (!isChunked && !(request.ContentLength > limit)) return false;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (isChunked) request.Body = new CountedBody(request.Body, limit);
        return !isChunked;
    }

    /// <summary>What a reader gets of a body that is too large.</summary>
    public static BadHttpRequestException Error() => new("Request body too large.", 413);

    private sealed class CountedBody(Stream body, long limit) : Stream
    {
        private long _left = limit;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await body.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => Count(body.Read(buffer, offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read) => (_left -= read) >= 0 ? read : throw Error();
    }
}
