using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Payment;

/// <summary>What the order saga asks of payment; see contracts/internal-api.md.</summary>
public static class PaymentCommands
{
    private const long MaxAmount = 1_000_000_000_000;

    public static void MapCommands(this WebApplication app)
    {
        var orders = app.MapGroup("/internal/payments/{orderId}").AddEndpointFilter(TellWhatWentWrong);
        orders.MapPost("/authorize", Authorize).Refuses(409, 503);
        orders.MapPost("/capture", Capture).Refuses(409, 503);
        orders.MapPost("/reverse", Reverse).Refuses(400, 503);
    }

    private static async Task<Results<Ok<PaymentReply>, Problem>> Authorize(
        string orderId, AuthorizePayment request, Payments payments, CancellationToken cancellation)
    {
        var validation = Checked(orderId, request.Amount)
            .Check(Ids.IsUuid(request.MemberId), "memberId", "Must be a lower-case UUID.")
            .Text(request.PaymentToken, "paymentToken", 200);
        return validation.Problem is { } problem ? problem : TypedResults.Ok(await payments.AuthorizeAsync(orderId, request, cancellation));
    }

    private static async Task<Results<Ok<PaymentReply>, Problem>> Capture(
        string orderId, CapturePayment request, Payments payments, CancellationToken cancellation) =>
        Checked(orderId, request.Amount).Problem is { } problem
            ? problem
            : TypedResults.Ok(await payments.CaptureAsync(orderId, request, cancellation));

    private static async Task<Results<Ok<PaymentReply>, Problem>> Reverse(
        string orderId, Payments payments, CancellationToken cancellation) => CheckedId(orderId).Problem is { } problem
            ? problem
            : TypedResults.Ok(await payments.ReverseAsync(orderId, cancellation));

    private static Validation Checked(string orderId, Money amount) => CheckedId(orderId)
        .Check(amount.Amount is > 0 and <= MaxAmount, "amount.amount", $"1 to {MaxAmount}.")
        .Check(
            amount.Currency is { Length: 3 } currency && currency.All(char.IsAsciiLetterUpper),
            "amount.currency", "Three upper-case letters.");

    private static Validation CheckedId(string orderId) =>
        new Validation().Check(Ids.IsUuid(orderId), "orderId", "Must be a lower-case UUID.");

    private static async ValueTask<object?> TellWhatWentWrong(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ProviderUnavailableException unavailable)
        {
            return Problem.Unavailable(unavailable.Message);
        }
        catch (PaymentConflictException conflict)
        {
            return Problem.Conflict(conflict.Message);
        }
        catch (ReplyLostException)
        {
            // The provider's line broke, and ours breaks with it: the caller gets no answer either and must ask again.
            context.HttpContext.Abort();
            return null;
        }
    }
}
