using System.Globalization;
using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>
/// The body of the answer to a proxied gRPC call, read as far as its first message or its end, which says what became of the call. What is
/// left of it ends early when its time is over or the call cannot go on.
/// </summary>
internal sealed class ProxiedAnswer : Stream
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly KeptMessage? _sent;
    private CancellationTokenSource? _limit;
    private ReadOnlyMemory<byte> _first;
    private bool _isAtEnd;

    private ProxiedAnswer(HttpResponseMessage response, Stream body, KeptMessage? sent) =>
        (_response, _body, _sent) = (response, body, sent);

    /// <summary>How the call ended, as far as is known; OK when a message came.</summary>
    public StatusCode Status { get; private set; }

    /// <summary>Puts itself in the place of the answer's body.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="sent">What was sent, when it was kept.</param>
    /// <param name="cancellation">Before the first message.</param>
    public static async Task<ProxiedAnswer> OfAsync(HttpResponseMessage response, KeptMessage? sent, CancellationToken cancellation)
    {
        var answer = new ProxiedAnswer(response, await response.Content.ReadAsStreamAsync(cancellation), sent);
        var first = new byte[4096];
        var length = await answer._body.ReadAsync(first, cancellation);
        answer._first = first.AsMemory(0, length);
        answer._isAtEnd = length == 0;
        answer.Status = !response.IsSuccessStatusCode || answer._isAtEnd ? StatusOf(response) : StatusCode.OK;
        var headers = response.Content.Headers;
        response.Content = new StreamContent(answer);
        foreach (var (name, values) in headers) response.Content.Headers.TryAddWithoutValidation(name, values);
        return answer;
    }

    /// <summary>From now on it may take this long.</summary>
    public void Limit(TimeSpan rest) => _limit = new CancellationTokenSource(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isAtEnd) return 0;
        if (!_first.IsEmpty)
        {
            var length = Math.Min(buffer.Length, _first.Length);
            _first[..length].CopyTo(buffer);
            _first = _first[length..];
            return length;
        }
        try
        {
            if (_limit is null) return await _body.ReadAsync(buffer, cancellationToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, cancellationToken);
            return await _body.ReadAsync(buffer, either.Token);
        }
        catch (Exception) when (_sent?.Refusal is not null && !cancellationToken.IsCancellationRequested)
        {
            return EndWith(_sent.Refusal.StatusCode, _sent.Refusal.Status.Detail);
        }
        catch (OperationCanceledException) when (_limit is { IsCancellationRequested: true } && !cancellationToken.IsCancellationRequested)
        {
            return EndWith(StatusCode.DeadlineExceeded, "context deadline exceeded");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _limit?.Dispose();
            _body.Dispose();
        }
        base.Dispose(disposing);
    }

    private int EndWith(StatusCode code, string why)
    {
        _isAtEnd = true;
        _response.TrailingHeaders.TryAddWithoutValidation(StatusHeader, $"{(int)code}");
        _response.TrailingHeaders.TryAddWithoutValidation(MessageHeader, Uri.EscapeDataString(why));
        return 0;
    }

    /// <summary>A call that fails at once has its status among the headers; a proxy on the way may have answered in HTTP alone.</summary>
    private static StatusCode StatusOf(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
            return (int)response.StatusCode is 429 or 502 or 503 or 504 ? StatusCode.Unavailable : StatusCode.Unknown;
        var isSaid = response.TrailingHeaders.NonValidated.TryGetValues(StatusHeader, out var values)
            || response.Headers.NonValidated.TryGetValues(StatusHeader, out values);
        return isSaid && int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? (StatusCode)code
            : StatusCode.Unknown;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
