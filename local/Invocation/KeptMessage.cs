using System.Buffers.Binary;
using System.Net;
using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>
/// The one message of a gRPC call, kept so that it can be sent again. It is sent as soon as it is there, since nobody knows that it is the
/// only one; a second one ends the call, as in daprd (<c>pkg/api/grpc/proxy</c>).
/// </summary>
internal sealed class KeptMessage : HttpContent
{
    private const int HeaderLength = 5;
    private const int MaxLength = 4 * 1024 * 1024;

    private readonly Lazy<Task<byte[]>> _message;
    private readonly Lazy<Task> _end;

    /// <param name="original">Whose headers it has.</param>
    /// <param name="body">The request's body, which nobody else reads.</param>
    public KeptMessage(HttpContent original, Stream body)
    {
        _message = new(() => ReadMessageAsync(body));
        _end = new(() => ReadEndAsync(body));
        foreach (var (name, values) in original.Headers) Headers.TryAddWithoutValidation(name, values);
    }

    /// <summary>Why the call cannot go on; null when it can.</summary>
    public RpcException? Refusal { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(await _message.Value.WaitAsync(cancellationToken), cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await _end.Value.WaitAsync(cancellationToken);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <summary>
    /// A flag, the length, and the message, https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md; nothing when there is none.
    /// </summary>
    private async Task<byte[]> ReadMessageAsync(Stream body)
    {
        var header = new byte[HeaderLength];
        if (await body.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength) return [];
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (length > MaxLength)
            throw Refuse(StatusCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {MaxLength})");
        var message = new byte[HeaderLength + (int)length];
        header.CopyTo(message, 0);
        await body.ReadExactlyAsync(message.AsMemory(HeaderLength));
        return message;
    }

    private async Task ReadEndAsync(Stream body)
    {
        await _message.Value;
        if (await body.ReadAsync(new byte[1]) > 0)
            throw Refuse(StatusCode.FailedPrecondition, "cannot use resiliency policies with retries on streaming RPCs");
    }

    private RpcException Refuse(StatusCode code, string why) => Refusal = new RpcException(new Status(code, why));
}
