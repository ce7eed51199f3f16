using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

/// <summary>Somebody's way to the shop: anonymous, a guest with a basket, a member or staff.</summary>
/// <param name="http">Carries who it is in its default headers.</param>
public sealed class ShopClient(HttpClient http)
{
    /// <summary>Who signed up; null for who did not.</summary>
    public Credentials? Credentials { get; init; }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public Task<HttpResponseMessage> PostAsync(string path, object? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    public Task<HttpResponseMessage> PutAsync(string path, object body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, path, body, headers);

    public Task<HttpResponseMessage> DeleteAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Delete, path, null, headers);

    /// <param name="method">Any.</param>
    /// <param name="path">With its query.</param>
    /// <param name="body">An <see cref="HttpContent"/>, or an object to send as JSON; null for none.</param>
    /// <param name="headers">Sent as they are.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body switch { null => null, HttpContent content => content, _ => JsonContent.Create(body, body.GetType()) },
        };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request);
    }

    /// <summary>Sends an order under a fresh idempotency key and waits for confirmed or rejected.</summary>
    public Task<Order> OrderAsync(string productId, int quantity = 1, string token = "tok_ok", int wait = 30) =>
        PostAsync("/api/orders", Checkout.Of(productId, quantity, token), Checkout.Key(), ("Prefer", $"wait={wait}")).ReadAsync<Order>();

    /// <summary>Sends an order and does not wait.</summary>
    public Task<Order> SubmitAsync(string productId, int quantity = 1, string token = "tok_ok") =>
        PostAsync("/api/orders", Checkout.Of(productId, quantity, token), Checkout.Key()).ReadAsync<Order>(HttpStatusCode.Accepted);

    public Task<Order> OrderOfAsync(string orderId) => GetAsync($"/api/orders/{orderId}").ReadAsync<Order>();

    /// <summary>What was done about the order's payment; nothing at all when payment never heard of it.</summary>
    public async Task<PaymentDoc> PaymentOfAsync(string orderId)
    {
        using var response = await GetAsync($"/api/payments/{orderId}");
        return response.StatusCode == HttpStatusCode.NotFound
            ? new PaymentDoc(orderId, "none", 0, 0, 0, "USD")
            : await Task.FromResult(response).ReadAsync<PaymentDoc>();
    }

    /// <summary>The order once it has this status.</summary>
    public Task<Order> UntilAsync(string orderId, string status, int seconds = 90) =>
        Eventually.Async(() => OrderOfAsync(orderId), order => order.Status == status, $"order {orderId} to be {status}", seconds);

    /// <summary>What the order's stream tells, until it ends or <paramref name="until"/> says it is enough.</summary>
    public async Task<IReadOnlyList<Order>> StreamAsync(string orderId, Func<Order, bool>? until = null, int seconds = 120)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/orders/{orderId}/stream");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        var told = new List<Order>();
        while (await lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
            told.Add(JsonSerializer.Deserialize<Order>(line["data:".Length..], JsonSerializerOptions.Web)!);
            if (until?.Invoke(told[^1]) == true) break;
        }
        return told;
    }
}

public sealed record Credentials(string Id, string Email, string Password);

/// <summary>An order as the API answers it.</summary>
public sealed record Order(
    string Id, string Status, string? Reason, IReadOnlyList<OrderItem> Items, Money Subtotal, Money ShippingCost, Money Total,
    PostalAddress ShippingAddress, DateTimeOffset PlacedAt, DateTimeOffset UpdatedAt, long Version);

public sealed record OrderItem(string ProductId, string Name, Money UnitPrice, int Quantity);

public sealed record ProductDoc(string Id, string Name, string Description, string Category, Money Price, string ImageUrl, JsonElement Available);

public sealed record StockDoc(string ProductId, int OnHand, int Reserved, int Available);

public sealed record PaymentDoc(string OrderId, string Status, long Authorized, long Captured, long Refunded, string Currency);

public sealed record ShipmentDoc(string OrderId, string Status, string TrackingNumber, JsonElement Events);

public sealed record TokenDoc(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

public sealed record NotificationDoc(string Id, string Kind, string? OrderId);

/// <summary>Bodies and headers of an order.</summary>
public static class Checkout
{
    public static PostalAddress Address { get; } = new("Ann Example", "1 Main St", null, "Springfield", "12345", "US");

    public static object Of(string productId, int quantity = 1, string token = "tok_ok") => new
    {
        items = new[] { new { productId, quantity } },
        shippingAddress = Address,
        shippingMethod = "standard",
        paymentToken = token,
    };

    public static object OfBasket(string token = "tok_ok") =>
        new { fromBasket = true, shippingAddress = Address, shippingMethod = "express", paymentToken = token };

    public static (string, string) Key(string? key = null) => ("Idempotency-Key", key ?? Guid.NewGuid().ToString());
}

public static class Answers
{
    /// <summary>The body of an answer that must have the expected status.</summary>
    public static async Task<T> ReadAsync<T>(this Task<HttpResponseMessage> sending, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await sending;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, Unexpected(response, body));
        return JsonSerializer.Deserialize<T>(body, JsonSerializerOptions.Web)!;
    }

    public static async Task ExpectAsync(this Task<HttpResponseMessage> sending, HttpStatusCode expected)
    {
        using var response = await sending;
        Assert.True(response.StatusCode == expected, Unexpected(response, await response.Content.ReadAsStringAsync()));
    }

    /// <summary>An error, which must be a complete problem with this status and, when named, a message for each field.</summary>
    public static async Task<JsonElement> ProblemAsync(this Task<HttpResponseMessage> sending, int status, params string[] fields)
    {
        using var response = await sending;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, Unexpected(response, body));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        foreach (var name in new[] { "type", "title", "detail", "traceId" }) Assert.NotEmpty(problem.GetProperty(name).GetString()!);
        foreach (var field in fields) Assert.NotEmpty(problem.GetProperty("errors").GetProperty(field).EnumerateArray());
        Assert.DoesNotMatch(@"(?i)exception|\.cs:|   at |System\.", body);
        if (status is 429 or 503) Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero, "Retry-After is missing");
        return problem;
    }

    private static string Unexpected(HttpResponseMessage response, string body) =>
        $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri!.PathAndQuery} answered {(int)response.StatusCode}: {body}";

    /// <summary>A body that is not JSON, or not meant to be.</summary>
    public static HttpContent Text(string text, string contentType = "application/json") => new StringContent(text, Encoding.UTF8, contentType);
}

public static class Eventually
{
    /// <summary>Asks until the answer is as it should be; errors count as "not yet".</summary>
    public static async Task<T> Async<T>(Func<Task<T>> ask, Func<T, bool> holds, string what, int seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        for (object? last = null; ;)
        {
            try
            {
                var answer = await ask();
                if (holds(answer)) return answer;
                last = answer;
            }
            catch (Exception error) when (error is Xunit.Sdk.XunitException or HttpRequestException)
            {
                last = error.Message;
            }
            Assert.False(limit.IsCancellationRequested, $"Waited {seconds} s for {what}; last: {last}");
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
