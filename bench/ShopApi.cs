using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprShop.Bench;

/// <summary>The few calls of the public API that a run needs before it can begin.</summary>
/// <param name="url">The shop.</param>
/// <param name="patient">Whether to wait as long as the shop asks for (429 and 503) rather than to give up.</param>
public sealed class ShopApi(Uri url, bool patient = true) : IDisposable
{
    private const string Password = "Bench-member-1!";
    private const string StaffEmail = "staff@daprshop.example";
    private const int PlentyOnHand = 1_000_000;

    private readonly HttpClient _http = NewClient(url);

    /// <summary>A client with a connection pool of its own.</summary>
    public static HttpClient NewClient(Uri url) => new(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
    {
        BaseAddress = url,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>An access token of the bench's n-th member, who signs up the first time.</summary>
    public async Task<string> MemberTokenAsync(int number, CancellationToken cancellation)
    {
        var email = $"bench-{number}@bench.example";
        using var signUp = await PatientAsync(
            () => Json(HttpMethod.Post, "api/members", new { email, password = Password, displayName = $"Bench {number}" }), cancellation);
        if (signUp.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.Conflict)) throw await UnexpectedAsync("sign up", signUp);
        return await TokenAsync(email, Password, cancellation);
    }

    /// <summary>Ids of products to buy and look at.</summary>
    public async Task<IReadOnlyList<string>> ProductsAsync(int count, CancellationToken cancellation)
    {
        using var response = await PatientAsync(
            () => new HttpRequestMessage(HttpMethod.Get, $"api/catalog/products?pageSize={Math.Min(count, 100)}"), cancellation);
        if (!response.IsSuccessStatusCode) throw await UnexpectedAsync("list products", response);
        var page = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        string[] ids = [.. page.GetProperty("items").EnumerateArray().Select(product => product.GetProperty("id").GetString()!)];
        return ids.Length > 0 ? ids : throw new BenchError("the shop has no products");
    }

    /// <summary>Fills up the stock, as staff, so that none of the orders is refused for want of it.</summary>
    public async Task FillStockAsync(IEnumerable<string> products, CancellationToken cancellation)
    {
        var password = Environment.GetEnvironmentVariable("Shop__StaffPassword") ?? "Staff-1234!";
        var token = await TokenAsync(StaffEmail, password, cancellation);
        foreach (var product in products)
        {
            using var response = await PatientAsync(
                () => Json(HttpMethod.Put, $"api/inventory/{product}", new { onHand = PlentyOnHand }, token), cancellation);
            if (!response.IsSuccessStatusCode) throw await UnexpectedAsync($"fill up {product}", response);
        }
    }

    /// <summary>True when the members service is there; unlike signing up, this may be asked as often as one likes.</summary>
    public async Task<bool> HasMembersAsync(CancellationToken cancellation)
    {
        using var response = await _http.GetAsync(".well-known/jwks.json", cancellation);
        return response.IsSuccessStatusCode;
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> TokenAsync(string email, string password, CancellationToken cancellation)
    {
        using var response = await PatientAsync(() => Json(HttpMethod.Post, "api/members/token", new { email, password }), cancellation);
        if (!response.IsSuccessStatusCode) throw await UnexpectedAsync($"sign in {email}", response);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellation)).GetProperty("accessToken").GetString()!;
    }

    /// <summary>Sends, and sends again after as long as the shop asks for.</summary>
    private async Task<HttpResponseMessage> PatientAsync(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        while (true)
        {
            var response = await _http.SendAsync(request(), cancellation);
            var busy = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
            if (!busy || !patient) return response;
            var wait = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1);
            response.Dispose();
            await Task.Delay(wait, cancellation);
        }
    }

    private static HttpRequestMessage Json(HttpMethod method, string path, object body, string? token = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private static async Task<BenchError> UnexpectedAsync(string what, HttpResponseMessage response) =>
        new($"cannot {what}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
}
