using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprShop.Chaos.Tests;

/// <summary>What came back: a status and a body.</summary>
public sealed record Answer(int Status, string Body)
{
    /// <summary>False for what may still turn out either way: 5xx and 429.</summary>
    public bool IsFinal => Status is >= 200 and < 500 and not 429;

    public bool IsSuccess => Status is >= 200 and < 300;

    public T Read<T>() => IsSuccess
        ? JsonSerializer.Deserialize<T>(Body, JsonSerializerOptions.Web)!
        : throw new InvalidOperationException($"answered {Status}: {Body}");
}

/// <summary>The shop's one door, as clients come through it: no answer is nothing unusual, and asking again is what they do.</summary>
public sealed class Door(HttpMessageHandler way, Uri url) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(way, disposeHandler: false) { BaseAddress = url, Timeout = s_patience };

    public Door(int port)
        : this(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false },
            new Uri($"http://127.0.0.1:{port}"))
    {
    }

    public Uri Url => url;

    /// <summary>Asks once; null when there was no answer.</summary>
    public async Task<Answer?> TryAsync(
        HttpMethod method, string path, string? token = null, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body, body.GetType());
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await _http.SendAsync(request);
            return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Asks until the answer is final.</summary>
    /// <exception cref="TimeoutException">Not by then.</exception>
    public static async Task<Answer> InsistAsync(Func<Task<Answer?>> ask, CancellationToken until)
    {
        for (Answer? last = null; ;)
        {
            if (await ask() is { } answer)
            {
                if (answer.IsFinal) return answer;
                last = answer;
            }
            if (until.IsCancellationRequested) throw new TimeoutException($"no final answer; last: {last?.ToString() ?? "none at all"}");
            await Task.Delay(s_pause, CancellationToken.None);
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>Somebody signed in, who signs in again when the token is over.</summary>
public sealed class Session(Door door, string email, string password)
{
    private sealed record Token(string AccessToken);

    private string? _token;

    public string Email => email;

    public static async Task<Session> SignUpAsync(Door door, CancellationToken until)
    {
        var credentials = new { email = $"{Guid.NewGuid():N}@example.com", password = "correct horse battery", displayName = "Ann" };
        // Asked again after a lost answer, the e-mail is taken: by this very member.
        await Door.InsistAsync(() => door.TryAsync(HttpMethod.Post, "/api/members", null, credentials), until);
        return new Session(door, credentials.email, credentials.password);
    }

    public async Task<Answer?> TryAsync(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        _token ??= await SignInAsync();
        if (_token is not { } token) return null;
        var answer = await door.TryAsync(method, path, token, body, headers);
        if (answer is not { Status: 401 }) return answer;
        _token = null;
        return null;
    }

    public Task<Answer> InsistAsync(
        HttpMethod method, string path, CancellationToken until, object? body = null, params (string Name, string Value)[] headers) =>
        Door.InsistAsync(() => TryAsync(method, path, body, headers), until);

    public async Task<T> ReadAsync<T>(string path, CancellationToken until) =>
        (await InsistAsync(HttpMethod.Get, path, until)).Read<T>();

    /// <summary>Null when there is no such thing.</summary>
    public async Task<T?> FindAsync<T>(string path, CancellationToken until) where T : class =>
        await InsistAsync(HttpMethod.Get, path, until) is var answer && answer.Status == 404 ? null : answer.Read<T>();

    /// <summary>Every page of a list.</summary>
    public async Task<IReadOnlyList<T>> ReadAllAsync<T>(string path, CancellationToken until)
    {
        var all = new List<T>();
        for (var page = 1; ; page++)
        {
            var items = (await ReadAsync<Listed<T>>($"{path}{(path.Contains('?') ? '&' : '?')}pageSize=100&page={page}", until)).Items;
            all.AddRange(items);
            if (items.Count < 100) return all;
        }
    }

    private async Task<string?> SignInAsync() =>
        await door.TryAsync(HttpMethod.Post, "/api/members/token", null, new { email, password }) is { Status: 200 } answer
            ? answer.Read<Token>().AccessToken
            : null;
}

public sealed record Listed<T>(IReadOnlyList<T> Items, long Total);
