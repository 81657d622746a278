// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice What both vaults do: credit is spent or taken back until it expires, after which it is the merchant's.
abstract contract Prepaid {
    using SafeERC20 for IERC20;

    uint256 public constant MAX_DAYS = 1095;
    IERC20 public immutable CURRENCY;
    address public immutable MERCHANT;

    mapping(address subscriber => uint256) public creditOf;
    mapping(address subscriber => uint256) public expiryOf;

    event ToppedUp(address indexed subscriber, uint256 amount, uint256 expiry);
    event Spent(address indexed subscriber, uint256 amount);
    event TakenBack(address indexed subscriber, uint256 amount);
    event Swept(address indexed subscriber, uint256 amount);

    error Expired(address subscriber);
    error NotExpired(address subscriber);
    error NotEnoughCredit(address subscriber, uint256 has, uint256 wants);
    error TooLong(uint256 numberOfDays);

    constructor(IERC20 currency, address merchant) {
        CURRENCY = currency;
        MERCHANT = merchant;
    }

    function expired(address subscriber) public view returns (bool) {
        return block.timestamp > expiryOf[subscriber];
    }

    /// @notice Pays the merchant for what was used.
    function spend(uint256 amount) external {
        _debit(amount);
        emit Spent(msg.sender, amount);
        CURRENCY.safeTransfer(MERCHANT, amount);
    }

    function takeBack(uint256 amount) external {
        _debit(amount);
        emit TakenBack(msg.sender, amount);
        CURRENCY.safeTransfer(msg.sender, amount);
    }

    /// @notice Anybody sends what has expired to the merchant.
    function sweep(address subscriber) external {
        if (!expired(subscriber)) revert NotExpired(subscriber);
        uint256 amount = creditOf[subscriber];
        creditOf[subscriber] = 0;
        emit Swept(subscriber, amount);
        CURRENCY.safeTransfer(MERCHANT, amount);
    }

    /// @dev Time is added to what is left.
    function _topUp(uint256 amount, uint256 numberOfDays) internal {
        if (numberOfDays > MAX_DAYS) revert TooLong(numberOfDays);
        uint256 left = expiryOf[msg.sender];
        uint256 expiry = (left > block.timestamp ? left : block.timestamp) + numberOfDays * 1 days;
        expiryOf[msg.sender] = expiry;
        creditOf[msg.sender] += amount;
        emit ToppedUp(msg.sender, amount, expiry);
        CURRENCY.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _debit(uint256 amount) private {
        if (expired(msg.sender)) revert Expired(msg.sender);
        uint256 has = creditOf[msg.sender];
        if (amount > has) revert NotEnoughCredit(msg.sender, has, amount);
        creditOf[msg.sender] = has - amount;
    }
}

/// @notice The first vault. With a successor it takes no more top-ups; what is left here works as before.
contract PrepaidVault is Prepaid, Ownable {
    using SafeERC20 for IERC20;

    address public successor;

    event SuccessorSet(address successor);
    event Released(address indexed subscriber, uint256 amount);

    error Closed();
    error NotSuccessor();

    constructor(IERC20 currency, address merchant, address owner) Prepaid(currency, merchant) Ownable(owner) {}

    function topUp(uint256 amount, uint256 numberOfDays) external {
        if (successor != address(0)) revert Closed();
        _topUp(amount, numberOfDays);
    }

    function setSuccessor(address next) external onlyOwner {
        if (successor != address(0)) revert Closed();
        successor = next;
        emit SuccessorSet(next);
    }

    /// @notice Gives the live credit of a subscriber to the successor, with the money. Expired credit stays.
    function release(address subscriber) external returns (uint256 amount) {
        if (msg.sender != successor) revert NotSuccessor();
        if (expired(subscriber)) return 0;
        amount = creditOf[subscriber];
        creditOf[subscriber] = 0;
        emit Released(subscriber, amount);
        CURRENCY.safeTransfer(msg.sender, amount);
    }
}
