using System.Text;

namespace DaprShop.Bench;

/// <summary>GETs over a connection of its own, made beforehand.</summary>
/// <param name="name">Of the operation.</param>
/// <param name="url">The shop.</param>
/// <param name="paths">Asked for in turn.</param>
public sealed class RawGet(string name, Uri url, IReadOnlyList<string> paths) : IOperation
{
    private readonly byte[][] _requests =
        [.. paths.Select(path => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {url.Authority}\r\n\r\n"))];
    private readonly RawConnection _connection = new(url);
    private int _next = Random.Shared.Next(paths.Count);

    public string Name { get; } = name;

    public async ValueTask<string?> RunAsync(CancellationToken cancellation)
    {
        var (status, error) = await _connection.ExchangeAsync(_requests[_next++ % _requests.Length], cancellation);
        return error ?? (status == 200 ? null : $"{status}");
    }

    public void Dispose() => _connection.Dispose();
}
