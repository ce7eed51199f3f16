using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using System.Text.RegularExpressions;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprShop.Ordering;

/// <summary>The public API of orders. A member's own only: someone else's order does not exist, except for staff, who may read all.</summary>
public static partial class OrderEndpoints
{
    private const int MaxPageSize = 100;
    private static readonly TimeSpan s_lastWait = TimeSpan.FromSeconds(2);

    /// <summary>Longer than any word of an order is on its way.</summary>
    private static readonly TimeSpan s_longestNews = TimeSpan.FromDays(1);

    private static readonly Dictionary<string, OrderStatus> s_statuses = Enum.GetValues<OrderStatus>().ToDictionary(Name);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);

    public static void MapOrders(this WebApplication app)
    {
        var orders = app.MapGroup("/api/orders").RequireAuthorization();
        orders.MapPost("", Place).Refuses(422);
        orders.MapGet("", List).Refuses(400, 403);
        orders.MapGet("{id:guid}", Get).Refuses(404);
        orders.MapGet("{id:guid}/history", History).Refuses(404);
        orders.MapGet("{id:guid}/stream", OrderStream.Get).Produces<string>(contentType: OrderStream.ContentType).Refuses(404)
            .WithDescription("Events `order`, their `id` the version, their `data` an OrderView: the order as it is, then after each change.");
        orders.MapPost("{id:guid}/cancel", Cancel).Refuses(404, 409);
        orders.MapPost("{id:guid}/reorder", Reorder).Refuses(404);
    }

    /// <summary>The order, if it is there and <paramref name="user"/> may read it.</summary>
    internal static async Task<OrderView?> Readable(this OrderViews views, Guid id, ClaimsPrincipal user, CancellationToken cancellation)
    {
        var view = await views.Get(id.ToString(), cancellation);
        if (user.IsStaff()) return view;
        return view?.MemberId == user.MemberId() ? view.ForMember() : null;
    }

    internal static Problem NoSuchOrder() => Problem.NotFound("There is no such order.");

    private static async Task<Results<Ok<OrderView>, Accepted<OrderView>, Problem>> Place(
        PlaceOrder body, [Required, FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        [FromHeader(Name = "Prefer")] string? prefer, ClaimsPrincipal user, HttpResponse response,
        Checkout checkout, OrderDriver driver, OrderProjector projector, OrderFeed feed, IHostApplicationLifetime lifetime,
        CancellationToken cancellation)
    {
        if (idempotencyKey is null || !KeyPattern().IsMatch(idempotencyKey))
            return Problem.BadRequest("The header Idempotency-Key is required: 1 to 200 visible characters.");
        if (body.Check() is { } invalid) return invalid;

        var placed = await checkout.Place(user.MemberId(), idempotencyKey, body, cancellation);
        if (placed.Problem is { } problem) return problem;

        using var watch = feed.Open(placed.OrderId);
        var wait = WaitPreference(prefer);
        var view = placed.View;
        if (placed.File is { } file)
        {
            view = OrderView.Of(file.Order(placed.OrderId), file.ShippingAddress);
            driver.Drive(placed.OrderId, file);
            await projector.Project(view, soon: wait is null).WaitAsync(cancellation);
        }
        var location = $"/api/orders/{placed.OrderId}";
        response.Headers.Location = location;
        if (wait is null) return TypedResults.Accepted(location, view!.ForMember());

        view = await AtRest(watch, view!, wait.Value, lifetime, cancellation);
        response.Headers["Preference-Applied"] = $"wait={(int)wait.Value.TotalSeconds}";
        return TypedResults.Ok(view.ForMember());
    }

    private static async Task<Results<Ok<Page<OrderView>>, ForbidHttpResult, Problem>> List(
        string? status, int? page, int? pageSize, bool? all, ClaimsPrincipal user,
        OrderDirectory directory, OrderViews views, CancellationToken cancellation)
    {
        OrderStatus? wanted = status is not null && s_statuses.TryGetValue(status, out var known) ? known : null;
        var (number, size) = (page ?? 1, pageSize ?? 20);
        var check = new Validation()
            .Check(status is null || wanted is not null, "status", "Not a status of an order.")
            .Check(number >= 1, "page", "From 1.")
            .Check(size is >= 1 and <= MaxPageSize, "pageSize", $"1 to {MaxPageSize}.");
        if (check.Problem is { } invalid) return invalid;
        if (all == true && !user.IsStaff()) return TypedResults.Forbid();

        var (ids, total) = await directory.List(all == true ? null : user.MemberId(), wanted, number, size, cancellation);
        var items = await views.List(ids, cancellation);
        return TypedResults.Ok(new Page<OrderView>(user.IsStaff() ? items : [.. items.Select(view => view.ForMember())], total, number, size));
    }

    private static async Task<Results<Ok<OrderView>, Problem>> Get(
        Guid id, ClaimsPrincipal user, OrderViews views, CancellationToken cancellation) =>
        await views.Readable(id, user, cancellation) is { } view ? TypedResults.Ok(view) : NoSuchOrder();

    private static async Task<Results<Ok<OrderHistory>, Problem>> History(
        Guid id, ClaimsPrincipal user, OrderViews views, OrderActors actors, CancellationToken cancellation)
    {
        if (await views.Readable(id, user, cancellation) is null || await actors.Get(id.ToString()) is not { } file) return NoSuchOrder();
        return TypedResults.Ok(OrderHistory.Of(id.ToString(), file.Events));
    }

    private static async Task<Results<Accepted<OrderView>, Problem>> Cancel(
        Guid id, ClaimsPrincipal user, OrderViews views, OrderActors actors, OrderDriver driver, OrderProjector projector,
        CancellationToken cancellation)
    {
        var orderId = id.ToString();
        if ((await views.Get(orderId, cancellation))?.MemberId != user.MemberId()) return NoSuchOrder();
        if (await actors.RequestCancel(orderId) is not { } answer) return NoSuchOrder();

        var view = OrderView.Of(answer.File.Order(orderId), answer.File.ShippingAddress);
        if (!answer.Accepted) return Problem.Conflict($"An order that is {Name(view.Status)} cannot be cancelled.");
        if (answer.File.IsOpen(orderId)) driver.Drive(orderId, answer.File);
        await projector.Project(view, soon: true).WaitAsync(cancellation);
        return TypedResults.Accepted($"/api/orders/{orderId}", view.ForMember());
    }

    private static async Task<Results<Ok<BasketView>, Problem>> Reorder(
        Guid id, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, ClaimsPrincipal user, OrderViews views,
        BasketClient basket, TimeProvider time, CancellationToken cancellation)
    {
        var view = await views.Get(id.ToString(), cancellation);
        if (view?.MemberId != user.MemberId()) return NoSuchOrder();
        var key = idempotencyKey is null ? Guid.NewGuid().ToString() : PlaceOrder.HashKey(idempotencyKey);
        var lines = view.Items.Select(line => new StockLine(line.ProductId, line.Quantity)).ToList();
        var young = time.GetUtcNow() - view.PlacedAt < s_longestNews ? view.Id : null;
        return TypedResults.Ok(await basket.Add(user.MemberId(), young, $"reorder-{view.Id}-{key}", lines, cancellation));
    }

    /// <summary>The order once it is at rest, or as it is when the time is over, or soon when the service is to end.</summary>
    private static async Task<OrderView> AtRest(
        OrderFeed.Watch watch, OrderView view, TimeSpan wait, IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(wait);
        await using var stopping = lifetime.ApplicationStopping.Register(() => limit.CancelAfter(s_lastWait));
        try
        {
            while (!view.Status.IsRest()) view = await watch.Next(limit.Token) ?? view;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Not at rest in time: the client looks again later.
        }
        return view;
    }

    /// <summary><c>Prefer: wait=N</c> (RFC 7240), at most 30 s; a preference that makes no sense is none.</summary>
    private static TimeSpan? WaitPreference(string? prefer)
    {
        var match = WaitPattern().Match(prefer ?? "");
        if (!match.Success || !int.TryParse(match.Groups[1].ValueSpan, out var seconds) || seconds < 1) return null;
        return TimeSpan.FromSeconds(Math.Min(seconds, s_longestWait.TotalSeconds));
    }

    private static string Name(OrderStatus status) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(status.ToString());

    [GeneratedRegex("^[\x21-\x7e]{1,200}\\z")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"(?:^|[,;\s])wait\s*=\s*""?(\d{1,9})", RegexOptions.IgnoreCase)]
    private static partial Regex WaitPattern();
}
