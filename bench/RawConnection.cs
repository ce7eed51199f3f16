using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace DaprShop.Bench;

/// <summary>
/// One HTTP connection that is kept open, with next to no work for each request: requests are bytes, and of an answer only the status and
/// the framing are looked at. A general HTTP client would take most of a small machine for itself.
/// </summary>
/// <param name="url">Whom it leads to.</param>
public sealed class RawConnection(Uri url) : IDisposable
{
    private static readonly byte[] s_endOfHead = "\r\n\r\n"u8.ToArray();

    private readonly byte[] _buffer = new byte[256 * 1024];
    private Socket? _socket;

    /// <summary>Sends a request and reads its answer. What went wrong, if it did, else the status.</summary>
    public async ValueTask<(int Status, string? Error)> ExchangeAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        try
        {
            var socket = _socket ??= await ConnectAsync(cancellation);
            await socket.SendAsync(request, cancellation);
            var (status, keepAlive) = await ReadAnswerAsync(socket, cancellation);
            if (!keepAlive) Disconnect();
            return (status, null);
        }
        catch (Exception error) when (error is SocketException or IOException or FormatException)
        {
            Disconnect();
            return (0, error is SocketException socket ? socket.SocketErrorCode.ToString() : error.Message);
        }
        catch (OperationCanceledException)
        {
            Disconnect(); // the answer that may still come is nobody's
            throw;
        }
    }

    public void Dispose() => Disconnect();

    private void Disconnect()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private async ValueTask<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.Host, url.Port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<(int Status, bool KeepAlive)> ReadAnswerAsync(Socket socket, CancellationToken cancellation)
    {
        var filled = 0;
        Answer answer;
        while (!Answer.TryParse(_buffer.AsSpan(0, filled), out answer)) filled += await ReceiveAsync(socket, filled, cancellation);

        var body = new BodyEnd(answer);
        var read = answer.HeadLength;
        while (!body.Reached(_buffer.AsSpan(read, filled - read)))
        {
            filled = await ReceiveAsync(socket, 0, cancellation); // what has been looked at is not kept
            read = 0;
        }
        return (answer.Status, answer.KeepAlive);
    }

    private async ValueTask<int> ReceiveAsync(Socket socket, int offset, CancellationToken cancellation)
    {
        if (offset == _buffer.Length) throw new FormatException("answer head too long");
        var count = await socket.ReceiveAsync(_buffer.AsMemory(offset), cancellation);
        return count > 0 ? count : throw new IOException("connection closed");
    }

    /// <summary>The head of an answer.</summary>
    /// <param name="Length">Of the body; null when it is chunked.</param>
    private readonly record struct Answer(int Status, int HeadLength, long? Length, bool KeepAlive)
    {
        public static bool TryParse(ReadOnlySpan<byte> bytes, out Answer answer)
        {
            answer = default;
            var end = bytes.IndexOf(s_endOfHead);
            if (end < 0) return false;
            var head = bytes[..(end + 2)];
            if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out _))
                throw new FormatException("not an HTTP answer");
            long? length = null;
            if (Utf8Parser.TryParse(ValueOf(head, "content-length:"u8), out long number, out _)) length = number;
            else if (ValueOf(head, "transfer-encoding:"u8).IsEmpty) length = 0;
            answer = new Answer(status, end + 4, length, !ValueOf(head, "connection:"u8).StartsWith("close"u8));
            return true;
        }

        private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
        {
            for (var line = head.IndexOf((byte)'\n') + 1; line < head.Length;)
            {
                var rest = head[line..];
                var end = rest.IndexOf((byte)'\n') + 1;
                if (rest.Length > name.Length && Ascii.EqualsIgnoreCase(rest[..name.Length], name))
                    return rest[name.Length..end].Trim(" \r\n"u8);
                line += end;
            }
            return default;
        }
    }

    /// <summary>Finds where a body ends, piece by piece.</summary>
    private struct BodyEnd(Answer answer)
    {
        private readonly bool _chunked = answer.Length is null;
        private long _left = answer.Length ?? 0;
        private long _size;
        private Part _part = Part.Size;

        private enum Part
        {
            Size,
            Extension,
            Data,
            Last,
            Done,
        }

        /// <summary>True when the body ends with these bytes.</summary>
        public bool Reached(ReadOnlySpan<byte> bytes)
        {
            if (_chunked) return ReachedChunked(bytes);
            _left -= bytes.Length;
            return _left < 0 ? throw new FormatException("more than the answer") : _left == 0;
        }

        private bool ReachedChunked(ReadOnlySpan<byte> bytes)
        {
            for (var i = 0; i < bytes.Length;)
            {
                switch (_part)
                {
                    case Part.Size or Part.Extension:
                        TakeSize(bytes[i++]);
                        break;
                    case Part.Data:
                        var step = (int)Math.Min(_left, bytes.Length - i);
                        i += step;
                        _left -= step;
                        if (_left == 0) _part = Part.Size;
                        break;
                    default:
                        i++;
                        if (--_left == 0) _part = Part.Done;
                        break;
                }
            }
            return _part == Part.Done;
        }

        private void TakeSize(byte letter)
        {
            if (letter == '\n')
            {
                _part = _size == 0 ? Part.Last : Part.Data;
                _left = _size + 2; // with the line end that follows; there are no trailers
                _size = 0;
            }
            else if (letter == ';') _part = Part.Extension;
            else if (_part == Part.Size && letter != '\r')
            {
                var digit = Hex(letter);
                _size = digit < 0 ? throw new FormatException("not a chunk") : _size * 16 + digit;
            }
        }

        private static int Hex(byte letter) => letter switch
        {
            >= (byte)'0' and <= (byte)'9' => letter - '0',
            >= (byte)'a' and <= (byte)'f' => letter - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => letter - 'A' + 10,
            _ => -1,
        };
    }
}
