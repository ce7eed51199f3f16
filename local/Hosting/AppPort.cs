using System.Net;
using System.Net.Sockets;

namespace DaprShop.Local.Hosting;

/// <summary>Whether an app listens, which is when Dapr takes it for ready.</summary>
internal static class AppPort
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Waits until the port answers.</summary>
    public static async Task WaitAsync(Uri address, CancellationToken cancellation)
    {
        while (!await AnswersAsync(address)) await Task.Delay(s_interval, cancellation);
    }

    /// <summary>Asked often while apps start, so a refusal is a result and not an exception. No answer soon is none.</summary>
    public static async Task<bool> AnswersAsync(Uri address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var attempt = new SocketAsyncEventArgs { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, address.Port) };
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        attempt.Completed += (_, _) => done.TrySetResult();
        using var limit = new CancellationTokenSource(s_patience);
        using var late = limit.Token.Register(() => Socket.CancelConnectAsync(attempt));
        if (socket.ConnectAsync(attempt)) await done.Task;
        return attempt.SocketError == SocketError.Success;
    }
}
