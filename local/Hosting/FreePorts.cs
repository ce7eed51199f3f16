using System.Net;
using System.Net.Sockets;

namespace DaprShop.Local.Hosting;

/// <summary>
/// Free ports of this machine, below the range that operating systems take for outgoing connections, so that none is gone again by
/// the time it is listened on. Each process takes whole blocks, which a locked file keeps from all others until it ends, and hands out one
/// port after the other, round and round once it has enough of them.
/// </summary>
internal static class FreePorts
{
    private const int From = 11_000;
    private const int Blocks = 210;
    private const int BlockSize = 100;
    private const int Enough = 5 * BlockSize;

    private static readonly string s_folder = Path.Combine(Path.GetTempPath(), $"daprshop-ports-{Environment.UserName}");
    private static readonly Lock s_lock = new();
    private static readonly List<FileStream> s_blocks = [];
    private static readonly List<int> s_ports = [];
    private static int s_next;

    public static int Take()
    {
        lock (s_lock)
        {
            for (var attempt = 0; attempt < 2 * Enough; attempt++)
            {
                if (s_next == s_ports.Count && (s_ports.Count >= Enough || !TryTakeBlock())) s_next = 0;
                if (s_ports.Count > 0 && s_ports[s_next++] is var port && IsFree(port)) return port;
            }
        }
        throw new InvalidOperationException("No free port.");
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The file that says whose block it is of which <paramref name="port"/> is one.</summary>
    internal static string LockOf(int port) => FileOf((port - From) / BlockSize);

    private static string FileOf(int block) => Path.Combine(s_folder, $"{block}");

    /// <summary>Begins anywhere: whoever has just ended may still have listeners where it was.</summary>
    private static bool TryTakeBlock()
    {
        Directory.CreateDirectory(s_folder);
        var first = Random.Shared.Next(Blocks);
        for (var tried = 0; tried < Blocks; tried++)
        {
            var block = (first + tried) % Blocks;
            if (TryLock(FileOf(block)) is not { } file) continue;
            s_blocks.Add(file);
            s_ports.AddRange(Enumerable.Range(From + (block * BlockSize), BlockSize));
            return true;
        }
        return false;
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
